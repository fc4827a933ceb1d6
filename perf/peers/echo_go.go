// echo with Go: a goroutine for each connection.
package main

import (
	"net"
	"sync"
	"sync/atomic"
)

func main() {
	echoMain("echo", func(listening net.Listener, connections int) int {
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
	})
}
