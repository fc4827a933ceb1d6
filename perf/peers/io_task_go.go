// io_task with Go: a goroutine for each file, whose writes block a thread of the runtime's.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var interrupted atomic.Bool

func writeFile(path string, writes int, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	for i := 0; i < writes; i++ {
		if interrupted.Load() {
			err = errors.New("interrupted")
		} else {
			_, err = file.Write(content)
		}
		if err != nil {
			_ = file.Close()
			return err
		}
	}
	return file.Close()
}

func main() {
	files := flag.Int("files", 100, "how many files are written at the same time")
	writes := flag.Int("writes", 100, "how many blocks are written to each")
	block := flag.Int("block", 32*1024, "bytes in a block")
	parent := flag.String("folder", os.TempDir(), "where the temporary folder is made")
	flag.Parse()
	if *files < 1 || *writes < 1 || *block < 1 {
		fail("io_task", "--files, --writes and --block must be positive")
	}
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-stopped
		interrupted.Store(true) // the folder is removed, whichever way the user ends the program
	}()
	folder, err := os.MkdirTemp(*parent, "corun-perf-")
	if err != nil {
		fail("io_task", err.Error())
	}
	content := make([]byte, *block)
	for i := range content {
		content[i] = 'c'
	}
	path := func(i int) string { return filepath.Join(folder, fmt.Sprintf("file-%d", i)) }

	startCPU, start := cpu(), time.Now()
	failures := make(chan error, *files)
	var all sync.WaitGroup
	all.Add(*files)
	for i := 0; i < *files; i++ {
		go func(i int) {
			defer all.Done()
			if err := writeFile(path(i), *writes, content); err != nil {
				failures <- err
			}
		}(i)
	}
	all.Wait()
	wall, spent := time.Since(start).Seconds(), cpu()-startCPU

	var bytes int64
	for i := 0; i < *files; i++ {
		if found, err := os.Stat(path(i)); err == nil {
			bytes += found.Size()
		}
	}
	_ = os.RemoveAll(folder)
	select {
	case err := <-failures:
		fail("io_task", err.Error())
	default:
	}
	if bytes != int64(*files)*int64(*writes)*int64(*block) {
		fail("io_task", fmt.Sprintf("the files have %d bytes", bytes))
	}
	report("io_task", wall, spent, fmt.Sprintf("files=%d writes=%d bytes=%d", *files, *files**writes, bytes))
}
