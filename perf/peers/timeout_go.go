// timeout with Go: a context with a timeout around each turn.
package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	operations("timeout", 1000000, 100, func(count, size int) (int, uint64) {
		left, done := int64(count), int64(0)
		var all sync.WaitGroup
		all.Add(size)
		for i := 0; i < size; i++ {
			go func() {
				defer all.Done()
				for atomic.AddInt64(&left, -1) >= 0 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
					runtime.Gosched()
					if ctx.Err() == nil {
						atomic.AddInt64(&done, 1)
					}
					cancel()
				}
			}()
		}
		all.Wait()
		return int(done), 0
	})
}
