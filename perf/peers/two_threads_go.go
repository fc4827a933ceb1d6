// two_threads with Go: a goroutine for each connection, on so many processors.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"
)

func compute(x uint64) uint64 {
	x |= 1
	for i := 0; i < 128000; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

func main() {
	threads := flag.Int("threads", 2, "of the server")
	connections := flag.Int("connections", 64, "how many, each with one request at a time")
	requests := flag.Int("requests", 4000, "how many on all of them")
	flag.Parse()
	if *threads < 1 || *connections < 1 || *requests < 1 {
		fail("two_threads", "--threads, --connections and --requests must be positive")
	}
	runtime.GOMAXPROCS(*threads)
	runtime.LockOSThread()
	listening, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fail("two_threads", err.Error())
	}
	time.AfterFunc(100*time.Second, func() { fail("two_threads", "took longer than 100 s") })
	var answered int64
	serve := func(peer net.Conn) {
		defer peer.Close()
		message := make([]byte, 8)
		for {
			if _, err := io.ReadFull(peer, message); err != nil {
				return
			}
			atomic.AddInt64(&answered, 1)
			binary.LittleEndian.PutUint64(message, compute(binary.LittleEndian.Uint64(message)))
			if _, err := peer.Write(message); err != nil {
				return
			}
		}
	}
	go func() {
		for {
			if peer, err := listening.Accept(); err == nil {
				go serve(peer)
			}
		}
	}()
	startCPU, start := cpu(), time.Now()
	load := startLoad("two_threads", "two_threads_load", "--port", strconv.Itoa(listening.Addr().(*net.TCPAddr).Port), "--connections",
		strconv.Itoa(*connections), "--rounds", strconv.Itoa(*requests))
	if err := load.Wait(); err != nil {
		fail("two_threads", "the load has failed: "+err.Error())
	}
	wall, spent := time.Since(start).Seconds(), cpu()-startCPU
	if int(answered) != *requests {
		fail("two_threads", fmt.Sprintf("%d answers", answered))
	}
	loaded := (load.ProcessState.UserTime() + load.ProcessState.SystemTime()).Seconds()
	each := 1e9 / float64(*requests)
	report("two_threads", wall, spent, fmt.Sprintf("threads=%d requests=%d load_part=%.4f op_ns=%.4f op_cpu_ns=%.4f",
		*threads, *requests, loaded/wall, wall*each, spent*each))
}
