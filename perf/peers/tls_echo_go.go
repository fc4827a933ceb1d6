// tls_echo with Go's own TLS: a goroutine for each connection, and a certificate made for the run.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"time"
)

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		fail("tls_echo", err.Error())
	}
	described := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, &described, &described, &key.PublicKey, key)
	if err != nil {
		fail("tls_echo", err.Error())
	}
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}
}

func main() {
	echoMain("tls_echo", func(listening net.Listener, connections int) int {
		config := &tls.Config{Certificates: []tls.Certificate{certificate()}, MinVersion: tls.VersionTLS13}
		return echoServe(tls.NewListener(listening, config), connections)
	})
}
