// cancellation with Go: a context and its cancel function for each goroutine, which waits for that or for an hour.
package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	operations("cancellation", 100000, 1000, func(count, size int) (int, uint64) {
		var done int64
		for left := count; left > 0; left -= size {
			batch := size
			if left < size {
				batch = left
			}
			var all sync.WaitGroup
			all.Add(batch)
			var asleep int64
			cancels := make([]context.CancelFunc, 0, batch)
			for i := 0; i < batch; i++ {
				ctx, cancel := context.WithCancel(context.Background())
				cancels = append(cancels, cancel)
				go func() {
					defer all.Done()
					hour := time.NewTimer(time.Hour)
					defer hour.Stop()
					atomic.AddInt64(&asleep, 1)
					select {
					case <-ctx.Done():
						atomic.AddInt64(&done, 1)
					case <-hour.C:
					}
				}()
			}
			for atomic.LoadInt64(&asleep) != int64(batch) {
				runtime.Gosched()
			}
			for _, cancel := range cancels {
				cancel()
			}
			all.Wait()
		}
		return int(done), 0
	})
}
