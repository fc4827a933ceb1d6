// spawn_batch with Go: a wait group joins each batch. With -waits 1 a goroutine gives way until all of its batch have begun: mostly
// once, as the scheduler now and then takes one that gave way before those that have not begun.
package main

import (
	"flag"
	"runtime"
	"sync"
	"sync/atomic"
)

func main() {
	waits := flag.Int("waits", 0, "1: each gives way once before it ends")
	operations("spawn_batch", 1000000, 1000, func(count, size int) (int, uint64) {
		var done int64
		for left := count; left > 0; left -= size {
			batch := size
			if left < size {
				batch = left
			}
			var begun int64
			var all sync.WaitGroup
			all.Add(batch)
			for i := 0; i < batch; i++ {
				go func() {
					if *waits != 0 {
						atomic.AddInt64(&begun, 1)
						for atomic.LoadInt64(&begun) != int64(batch) {
							runtime.Gosched()
						}
					}
					atomic.AddInt64(&done, 1)
					all.Done()
				}()
			}
			all.Wait()
		}
		return int(done), 0
	})
}
