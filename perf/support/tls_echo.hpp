// tls_echo: echo over TLS 1.3, on asio::ssl. What the servers share: a certificate made for the run.
#pragma once

#include "echo.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace perf {

/// A context with a key and a certificate of its own, on the curve P-256.
inline boost::asio::ssl::context server_context() {
    boost::asio::ssl::context made{boost::asio::ssl::context::tlsv13_server};
    const std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key{::EVP_EC_gen("P-256"), ::EVP_PKEY_free};
    const std::unique_ptr<X509, decltype(&::X509_free)> certificate{::X509_new(), ::X509_free};
    ::X509_set_version(certificate.get(), X509_VERSION_3);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), 0);
    ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), 3600);
    ::X509_set_pubkey(certificate.get(), key.get());
    const bool usable = ::X509_sign(certificate.get(), key.get(), ::EVP_sha256()) != 0 &&
                        ::SSL_CTX_use_certificate(made.native_handle(), certificate.get()) == 1 &&
                        ::SSL_CTX_use_PrivateKey(made.native_handle(), key.get()) == 1;
    check(usable, "OpenSSL cannot make a certificate");
    return made;
}

/// `run(io, acceptor, context, work)`, as for echo.
template <class Run>
int tls_echo_main(int argc, char** argv, std::string_view runtime, Run run) {
    return echo_server_main(argc, argv, "tls_echo", runtime, [&](auto& io, auto& acceptor, auto& work) {
        auto context = server_context();
        run(io, acceptor, context, work);
    });
}

}  // namespace perf
