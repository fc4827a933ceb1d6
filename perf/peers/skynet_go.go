// skynet with Go: a goroutine for each node, and a channel for the ten children of one.
package main

import (
	"flag"
	"runtime"
)

func subtree(to chan<- uint64, first, leaves uint64, waits bool) {
	if leaves == 1 {
		if waits {
			runtime.Gosched()
		}
		to <- first
		return
	}
	children := make(chan uint64, 10)
	for i := uint64(0); i < 10; i++ {
		go subtree(children, first+i*leaves/10, leaves/10, waits)
	}
	var sum uint64
	for i := 0; i < 10; i++ {
		sum += <-children
	}
	to <- sum
}

func main() {
	waits := flag.Int("waits", 0, "1: each leaf gives way once before it ends")
	operations("skynet", 1000000, 1, func(count, _ int) (int, uint64) {
		result := make(chan uint64, 1)
		go subtree(result, 0, uint64(count), *waits != 0)
		sum := <-result
		if sum != uint64(count)*uint64(count-1)/2 {
			fail("skynet", "the sum is wrong")
		}
		return count, sum
	})
}
