// url_fetch with Go: goroutines that dial, write and read, as the other runtimes do; net/http's client would do more for each
// request.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// bodyBytes is the length of the answer's body, after checking its status and its announced length.
func bodyBytes(answer []byte) (int, error) {
	head, body, complete := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !complete {
		return 0, errors.New("the server closed before its answer's head was complete")
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.")) || len(head) < 13 || string(head[8:13]) != " 200 " {
		return 0, fmt.Errorf("answer: %q", head)
	}
	for _, line := range bytes.Split(head, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if !bytes.EqualFold(name, []byte("content-length")) {
			continue
		}
		announced, err := strconv.Atoi(strings.TrimSpace(string(value)))
		if err == nil && announced != len(body) {
			err = fmt.Errorf("an answer has %d bytes of body where it announced %d", len(body), announced)
		}
		return len(body), err
	}
	return 0, errors.New("an answer has no Content-Length")
}

// fetch reads into a buffer that is kept from one request to the next.
func fetch(server string, request, buffer []byte) (int, error) {
	connection, err := net.Dial("tcp", server)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	if _, err = connection.Write(request); err != nil {
		return 0, err
	}
	for filled := 0; filled < len(buffer); {
		n, err := connection.Read(buffer[filled:])
		filled += n
		if err != nil {
			return bodyBytes(buffer[:filled])
		}
	}
	return 0, errors.New("an answer is too long")
}

func main() {
	requests := flag.Int("requests", 1000, "how many")
	concurrency := flag.Int("concurrency", 100, "how many at the same time")
	host := flag.String("host", "127.0.0.1", "where the server is")
	port := flag.Int("port", 8000, "of the server")
	path := flag.String("path", "/", "what is asked for")
	flag.Parse()
	if *requests < 1 || *concurrency < 1 {
		fail("url_fetch", "--requests and --concurrency must be positive")
	}
	server := net.JoinHostPort(*host, strconv.Itoa(*port))
	request := []byte("GET " + *path + " HTTP/1.0\r\nHost: " + *host + "\r\nConnection: close\r\n\r\n")

	startCPU, start := cpu(), time.Now()
	left, answered, total := int64(*requests), int64(0), int64(0)
	var all sync.WaitGroup
	all.Add(*concurrency)
	for i := 0; i < *concurrency; i++ {
		go func() {
			defer all.Done()
			buffer := make([]byte, 64*1024)
			for atomic.AddInt64(&left, -1) >= 0 {
				length, err := fetch(server, request, buffer)
				if err != nil {
					fail("url_fetch", err.Error())
				}
				atomic.AddInt64(&total, int64(length))
				atomic.AddInt64(&answered, 1)
			}
		}()
	}
	all.Wait()
	wall, spent := time.Since(start).Seconds(), cpu()-startCPU
	if answered != int64(*requests) || total == 0 || total%answered != 0 {
		fail("url_fetch", fmt.Sprintf("%d answers with %d bytes", answered, total))
	}
	report("url_fetch", wall, spent, fmt.Sprintf("requests=%d concurrency=%d answered=%d bytes=%d",
		*requests, *concurrency, answered, total))
}
