// What Go's echo servers share: the load beside the program, and the line that says what it cost.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var residentBefore, residentThen int64

// allAnswered notes what is resident when each connection has had an answer; the first time counts.
func allAnswered() {
	if residentBefore != 0 {
		atomic.CompareAndSwapInt64(&residentThen, 0, kib("/proc/self/smaps_rollup", "Rss:"))
	}
}

// echoServe accepts so many connections and echoes on each to its end, on a goroutine of its own.
func echoServe(listening net.Listener, connections int) int {
	var answered int64
	var all sync.WaitGroup
	for i := 0; i < connections; i++ {
		peer, err := listening.Accept()
		if err != nil {
			fail("echo", err.Error())
		}
		all.Add(1)
		go func() {
			defer all.Done()
			defer peer.Close()
			data := make([]byte, 1024)
			for {
				n, err := peer.Read(data)
				if err != nil {
					return
				}
				if _, err = peer.Write(data[:n]); err != nil {
					return
				}
				if atomic.AddInt64(&answered, 1) == int64(connections) {
					allAnswered()
				}
			}
		}()
	}
	all.Wait()
	return int(answered)
}

const loadProcessor = "CORUN_PERF_LOAD_PROCESSOR"

// bindServer starts the program anew on the last processor, so that Go sees no more than that one, as the single thread of the
// other servers; the first is left to the load.
func bindServer(workload string) {
	if os.Getenv(loadProcessor) != "" {
		return
	}
	var usable [128]uint64
	bytes, _, failed := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(usable), uintptr(unsafe.Pointer(&usable)))
	var there []int
	for i := 0; failed == 0 && i < int(bytes)*8; i++ {
		if usable[i/64]&(1<<(i%64)) != 0 {
			there = append(there, i)
		}
	}
	taskset, err := exec.LookPath("taskset")
	if len(there) < 2 || err != nil {
		return
	}
	self, err := os.Executable()
	if err != nil {
		fail(workload, err.Error())
	}
	words := append([]string{taskset, "-c", strconv.Itoa(there[len(there)-1]), self}, os.Args[1:]...)
	fail(workload, syscall.Exec(taskset, words, append(os.Environ(), loadProcessor+"="+strconv.Itoa(there[0]))).Error())
}

// startLoad runs a program that lies beside this one, and ends with it. The calling goroutine must be locked to its thread, whose
// end the load would not survive.
func startLoad(workload, name string, words ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		fail(workload, err.Error())
	}
	words = append([]string{filepath.Join(filepath.Dir(self), name)}, words...)
	if processor := os.Getenv(loadProcessor); processor != "" {
		words = append([]string{"taskset", "-c", processor}, words...)
	}
	load := exec.Command(words[0], words[1:]...)
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
	bindServer(workload)
	runtime.LockOSThread()
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
