// concurrent_task with Go.
package main

import (
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	tasks := flag.Int("tasks", 10000, "how many tasks run at the same time")
	sleep := flag.Int("sleep-ms", 1000, "how long each of them sleeps")
	random := flag.Int("random", 0, "1: each sleeps for another time, up to that")
	flag.Parse()
	if *tasks < 1 || *sleep < 0 {
		fail("concurrent_task", "--tasks must be positive, --sleep-ms not negative")
	}
	longest := time.Duration(*sleep) * time.Millisecond
	startCPU, start := cpu(), time.Now()
	var counted int64
	var all sync.WaitGroup
	all.Add(*tasks)
	for i := 0; i < *tasks; i++ {
		span := longest
		if *random != 0 {
			span = longest * time.Duration(i*48271%65537) / 65537
		}
		go func() {
			time.Sleep(span)
			atomic.AddInt64(&counted, 1)
			all.Done()
		}()
	}
	all.Wait()
	wall, spent := time.Since(start).Seconds(), cpu()-startCPU
	if int(counted) != *tasks {
		fail("concurrent_task", "tasks were lost")
	}
	report("concurrent_task", wall, spent, fmt.Sprintf("tasks=%d counted=%d", *tasks, counted))
}
