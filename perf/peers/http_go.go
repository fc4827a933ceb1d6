// HTTP with Go's own server.
package main

import (
	"fmt"
	"net"
	"net/http"
	"syscall"
)

func main() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, 1 /* PR_SET_PDEATHSIG */, uintptr(syscall.SIGKILL), 0)
	listening, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fail("http", err.Error())
	}
	answer := []byte("hello, world\n")
	http.HandleFunc("/", func(to http.ResponseWriter, asked *http.Request) {
		if asked.URL.Path != "/" {
			http.NotFound(to, asked)
			return
		}
		to.Header().Set("Content-Type", "text/plain")
		_, _ = to.Write(answer)
	})
	fmt.Println("listening at", listening.Addr())
	fail("http", http.Serve(listening, nil).Error())
}
