// parked with Go: goroutines that wait for one channel to be closed.
package main

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	fibers := flag.Int("fibers", 100000, "how many wait at the same time")
	flag.Parse()
	if *fibers < 1 {
		fail("parked", "--fibers must be positive")
	}
	before := kib("/proc/self/smaps_rollup", "Rss:")
	startCPU, start := cpu(), time.Now()
	gate := make(chan struct{})
	var waiting, woken int64
	var all sync.WaitGroup
	all.Add(*fibers)
	for i := 0; i < *fibers; i++ {
		go func() {
			defer all.Done()
			atomic.AddInt64(&waiting, 1)
			<-gate
			atomic.AddInt64(&woken, 1)
		}()
	}
	for atomic.LoadInt64(&waiting) != int64(*fibers) {
		runtime.Gosched()
	}
	each := float64(*fibers)
	created := (cpu() - startCPU) * 1e9 / each
	resident := float64(kib("/proc/self/smaps_rollup", "Rss:")-before) * 1024 / each
	opened := cpu()
	close(gate)
	all.Wait()
	ended := (cpu() - opened) * 1e9 / each
	wall, spent := time.Since(start).Seconds(), cpu()-startCPU
	if woken != int64(*fibers) {
		fail("parked", "fibers were lost")
	}
	report("parked", wall, spent, fmt.Sprintf("fibers=%d woken=%d create_cpu_ns=%.4f resident_b=%.1f end_cpu_ns=%.4f",
		*fibers, woken, created, resident, ended))
}
