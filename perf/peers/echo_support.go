// What Go's echo servers share: the load beside the program, and the line that says what it cost.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

var residentBefore, residentThen int64

// allAnswered notes what is resident when each connection has had an answer; the first time counts.
func allAnswered() {
	if residentBefore != 0 {
		atomic.CompareAndSwapInt64(&residentThen, 0, kib("/proc/self/smaps_rollup", "Rss:"))
	}
}

// startLoad runs a program that lies beside this one, and ends with it. Pdeathsig is of the thread that starts it: the caller's goroutine
// must be locked to its thread.
func startLoad(workload, name string, words ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		fail(workload, err.Error())
	}
	load := exec.Command(filepath.Join(filepath.Dir(self), name), words...)
	load.Stderr = os.Stderr
	load.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := load.Start(); err != nil {
		fail(workload, err.Error())
	}
	return load
}

// echoMain measures a server that accepts so many connections, serves each to its end, and returns how many answers it has sent.
func echoMain(workload string, serve func(listening net.Listener, connections int) int) {
	connections := flag.Int("connections", 64, "how many")
	rounds := flag.Int("rounds", 1000, "how many requests on each")
	pause := flag.Int("pause", 0, "microseconds for which the load pauses before each round")
	flag.Parse()
	if *connections < 1 || *rounds < 1 {
		fail(workload, "--connections and --rounds must be positive")
	}
	time.AfterFunc(100*time.Second, func() { fail(workload, "took longer than 100 s") })
	listening, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fail(workload, err.Error())
	}
	load := startLoad(workload, workload+"_load", "--port", strconv.Itoa(listening.Addr().(*net.TCPAddr).Port), "--connections",
		strconv.Itoa(*connections), "--rounds", strconv.Itoa(*rounds), "--pause", strconv.Itoa(*pause))
	if *rounds == 1 {
		residentBefore = kib("/proc/self/smaps_rollup", "Rss:")
	}
	startCPU, start := cpu(), time.Now()
	answered := serve(listening, *connections)
	wall, spent := time.Since(start).Seconds(), cpu()-startCPU
	if err := load.Wait(); err != nil {
		fail(workload, "the load has failed: "+err.Error())
	}
	requests := *connections * *rounds
	if answered != requests {
		fail(workload, fmt.Sprintf("%d of %d answers", answered, requests))
	}
	resident := float64(residentThen-residentBefore) * 1024 / float64(*connections)
	if *rounds != 1 {
		resident = 0
	}
	each := 1e9 / float64(requests)
	report(workload, wall, spent, fmt.Sprintf("connections=%d requests=%d resident_b=%.1f op_ns=%.4f op_cpu_ns=%.4f",
		*connections, requests, resident, wall*each, spent*each))
}
