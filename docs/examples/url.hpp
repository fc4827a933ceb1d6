// A URL and its parts.
#pragma once

#include <boost/beast/core/string.hpp>
#include <boost/program_options.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

struct url {
    std::string text, host, port, target;
    std::string host_field;  // as the request spells it
};

// Throws boost::program_options::error for what is no http:// URL.
inline url parse_url(const std::string& text) {
    const auto check = [&](bool good, const std::string& trouble) {
        if (!good) throw boost::program_options::error{"'" + text + "' " + trouble};
    };
    const std::string misshapen = "is not a URL like http://host:port/path";
    const std::string_view all = text, scheme = all.substr(0, all.find("://"));
    check(scheme.size() < all.size() && all.find_first_of(" \t\r\n\v\f") == all.npos, misshapen);
    check(boost::beast::iequals(scheme, "http"),
          "cannot be fetched: " + std::string{scheme} + ":// is not supported, only http://");

    const std::string_view rest = all.substr(scheme.size() + 3), authority = rest.substr(0, rest.find_first_of("/?#"));
    const std::string_view target = rest.substr(authority.size(), rest.find('#') - authority.size());
    const bool in_brackets = authority.starts_with('[');  // an IPv6 address, which has colons of its own
    const auto colon = authority.find(':', in_brackets ? authority.find(']') : 0);
    std::string_view host = authority.substr(0, colon);
    if (in_brackets) host = host.ends_with(']') ? host.substr(1, host.size() - 2) : "";
    check(!host.empty() && authority.find('@') == all.npos, misshapen);

    const std::string_view port = colon == all.npos ? "80" : authority.substr(colon + 1);
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    check(error == std::errc{} && end == port.data() + port.size() && number != 0, "has an impossible port");
    return {text, std::string{host}, std::string{port}, (target.starts_with('/') ? "" : "/") + std::string{target},
            std::string{authority}};
}
