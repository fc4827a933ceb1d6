// Values from one thread to another over a channel of Go's, in the form of Google Benchmark's table.
package main

import (
	"fmt"
	"runtime"
	"time"
)

func main() {
	runtime.GOMAXPROCS(2)
	const ahead = 1024
	const values = 20_000_000
	c := make(chan int64, ahead)
	done := make(chan bool)
	go func() {
		runtime.LockOSThread()
		next := int64(0)
		for v := range c {
			if v != next {
				panic("values were lost or out of order")
			}
			next++
		}
		done <- true
	}()
	runtime.LockOSThread()
	begin := time.Now()
	for i := int64(0); i < values; i++ {
		c <- i
	}
	close(c)
	<-done
	fmt.Printf("concurrent_channel/go %.1f ns %d\n", float64(time.Since(begin).Nanoseconds())/values, values)
}
