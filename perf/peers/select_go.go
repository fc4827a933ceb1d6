// select with Go: a value received, alone (size 1) or by a select of 8 channels and a timer that is set anew each time.
package main

import "time"

func plain(c chan int64) int64 { return <-c }

func ofEight(c *[8]chan int64, hour *time.Timer) int64 {
	hour.Reset(time.Hour)
	select {
	case v := <-c[0]:
		return v
	case v := <-c[1]:
		return v
	case v := <-c[2]:
		return v
	case v := <-c[3]:
		return v
	case v := <-c[4]:
		return v
	case v := <-c[5]:
		return v
	case v := <-c[6]:
		return v
	case v := <-c[7]:
		return v
	case <-hour.C:
		return -1
	}
}

func main() {
	operations("select", 300000, 8, func(count, size int) (int, uint64) {
		var c [8]chan int64
		for i := range c {
			c[i] = make(chan int64)
		}
		go func() {
			for i := int64(0); i < int64(count); i++ {
				c[5] <- i
			}
		}()
		hour := time.NewTimer(time.Hour)
		done := 0
		for i := int64(0); i < int64(count); i++ {
			var v int64
			if size == 1 {
				v = plain(c[5])
			} else {
				v = ofEight(&c, hour)
			}
			if v == i {
				done++
			}
		}
		return done, 0
	})
}
