// The load of tls_echo: as that of echo, over TLS 1.3 with one cipher for every server. Blocking calls.
#include "load.hpp"

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <vector>

namespace {

using message = std::array<char, 64>;

struct freed {
    void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
    void operator()(SSL* stream) const { ::SSL_free(stream); }
};

std::unique_ptr<SSL, freed> handshake(SSL_CTX* context, std::size_t port) {
    std::unique_ptr<SSL, freed> stream{::SSL_new(context)};
    ::SSL_set_fd(stream.get(), perf::connect_to(port));
    perf::check(::SSL_connect(stream.get()) == 1, "the handshake has failed");
    return stream;
}

void read_whole(SSL* stream, message& received) {
    for (std::size_t done = 0; done != received.size();) {
        const int n = ::SSL_read(stream, received.data() + done, static_cast<int>(received.size() - done));
        perf::check(n > 0, "an answer is short");
        done += static_cast<std::size_t>(n);
    }
}

void run(const perf::load& work) {
    // The certificate is the server's own, made for this run: nobody vouches for it, and nothing secret is sent.
    const std::unique_ptr<SSL_CTX, freed> context{::SSL_CTX_new(::TLS_client_method())};
    ::SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    ::SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_128_GCM_SHA256");
    std::vector<std::unique_ptr<SSL, freed>> streams;
    for (std::size_t i = 0; i != work.connections; ++i) streams.push_back(handshake(context.get(), work.port));
    message sent{}, received{};
    for (std::size_t round = 0; round != work.rounds; ++round) {
        sent.fill(static_cast<char>(round));
        for (const auto& stream : streams)
            perf::check(::SSL_write(stream.get(), sent.data(), sent.size()) == int{sent.size()}, "cannot send");
        for (const auto& stream : streams) {
            read_whole(stream.get(), received);
            perf::check(received == sent, "an answer differs from its request");
        }
    }
    for (const auto& stream : streams) ::close(::SSL_get_fd(stream.get()));
}

}  // namespace

int main(int argc, char** argv) { return perf::load_main(argc, argv, "tls_echo_load", run); }
