// As much of HTTP as a GET takes: the request's text, and a reader that checks the answer while it arrives.
#pragma once

#include "program.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace perf {

inline std::string get_request(std::string_view path, std::string_view host) {
    return "GET " + std::string{path} + " HTTP/1.0\r\nHost: " + std::string{host} + "\r\nConnection: close\r\n\r\n";
}

/// One answer, read until the server closes. Bytes go to `space()`, `received(n)` takes them over. No allocation.
class http_answer {
public:
    [[nodiscard]] boost::asio::mutable_buffer space() { return boost::asio::buffer(buffer_) + filled_; }

    void received(std::size_t n) {
        if (head_complete_) {
            body_ += n;
            return;
        }
        const std::size_t look_from = filled_ < 3 ? 0 : filled_ - 3;  // the head's end may be split between two reads
        filled_ += n;
        const std::size_t end = text().find("\r\n\r\n", look_from);
        if (end != std::string_view::npos)
            take_head(end + 4);
        else
            check(filled_ < buffer_.size(), "the head of an answer exceeds " + std::to_string(buffer_.size()) + " bytes");
    }

    /// To be called at the end of the stream; throws failure unless it was a whole answer of status 200.
    void check_complete() const {
        check(head_complete_, "the server closed before its answer's head was complete");
        check(body_ == announced_,
              "an answer has " + std::to_string(body_) + " bytes of body where it announced " + std::to_string(announced_));
    }

    [[nodiscard]] std::size_t body_bytes() const { return body_; }

private:
    [[nodiscard]] std::string_view text() const { return {buffer_.data(), filled_}; }

    void take_head(std::size_t length) {
        const std::string_view head = text().substr(0, length);
        check(head.starts_with("HTTP/1.") && head.substr(8, 5) == " 200 ",
              "answer: " + std::string{head.substr(0, head.find('\r'))});
        announced_ = content_length(head);
        body_ = filled_ - length;
        filled_ = 0;  // only the body's length matters: all of the buffer serves for what is still to come
        head_complete_ = true;
    }

    static std::size_t content_length(std::string_view head) {
        constexpr std::string_view name = "content-length:";
        for (std::size_t line = head.find("\r\n") + 2; line < head.size(); line = head.find("\r\n", line) + 2) {
            if (!boost::beast::iequals(head.substr(line, name.size()), name)) continue;
            const char* digits = head.data() + head.find_first_not_of(' ', line + name.size());
            std::size_t value = 0;
            check(std::from_chars(digits, head.data() + head.size(), value).ec == std::errc{}, "a Content-Length is no number");
            return value;
        }
        throw failure{"an answer has no Content-Length"};
    }

    std::array<char, 4096> buffer_;
    std::size_t filled_ = 0;  ///< how much of the head has arrived
    bool head_complete_ = false;
    std::size_t announced_ = 0;
    std::size_t body_ = 0;
};

}  // namespace perf
