"""HTTP with nginx: one worker in one process, its own configuration in the folder that it is called with, answers from memory."""

import os
import pathlib
import shutil
import socket
import sys

CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log stderr error;
events {{ worker_connections 4096; use epoll; multi_accept on; }}
http {{
  access_log off; server_tokens off; tcp_nodelay on; default_type text/plain;
  keepalive_timeout 60s; keepalive_requests 1000000000;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; location = / {{ return 200 "hello, world\\n"; }} location / {{ return 404; }} }}
}}
"""

folder = pathlib.Path(sys.argv[1])
program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") or sys.exit("http: nginx is not installed")
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
(folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port), encoding="utf-8")
print(f"listening at 127.0.0.1:{port}", flush=True)  # very soon; who measures asks until it does
os.execv(program, [program, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")])
