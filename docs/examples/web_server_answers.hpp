// What the web server answers.
#pragma once

#include <boost/beast/http.hpp>

#include <string>

namespace http = boost::beast::http;

inline http::response<http::string_body> make_response(http::status status, unsigned version, bool keep_alive) {
    http::response<http::string_body> made{status, version};
    made.set(http::field::content_type, "text/plain");
    if (status == http::status::method_not_allowed) made.set(http::field::allow, "GET, HEAD");
    made.keep_alive(keep_alive);
    made.body() = status == http::status::ok ? "hello, world\n" : std::string{http::obsolete_reason(status)} + "\n";
    made.prepare_payload();
    return made;
}

inline http::status status_for(const http::request<http::string_body>& asked) {
    if (asked.version() == 11 && asked.count(http::field::host) != 1) return http::status::bad_request;
    if (asked.target().substr(0, asked.target().find('?')) != "/") return http::status::not_found;
    if (asked.method() != http::verb::get && asked.method() != http::verb::head) return http::status::method_not_allowed;
    return http::status::ok;
}

inline http::status status_for(const boost::system::error_code& malformed) {
    if (malformed == http::error::header_limit) return http::status::request_header_fields_too_large;
    if (malformed == http::error::body_limit) return http::status::payload_too_large;
    return http::status::bad_request;
}
