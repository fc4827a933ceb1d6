// mutex with Go: goroutines lock, give way and unlock.
package main

import (
	"runtime"
	"sync"
)

func main() {
	operations("mutex", 300000, 10, func(count, size int) (int, uint64) {
		var mutex sync.Mutex
		var all sync.WaitGroup
		done, inside := 0, 0
		all.Add(size)
		for i := 0; i < size; i++ {
			go func() {
				defer all.Done()
				for {
					mutex.Lock()
					if inside++; inside != 1 {
						fail("mutex", "two were inside at once")
					}
					if done == count {
						inside--
						mutex.Unlock()
						return
					}
					done++
					runtime.Gosched()
					inside--
					mutex.Unlock()
				}
			}()
		}
		all.Wait()
		return done, 0
	})
}
