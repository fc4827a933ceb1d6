// What the suite's Go peers share: the command line, what a run cost, and the line that says so.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

func usage() syscall.Rusage {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	return use
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)*1e-6 }

func cpu() float64 {
	use := usage()
	return seconds(use.Utime) + seconds(use.Stime)
}

func fail(workload, why string) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", workload, why)
	os.Exit(1)
}

// kib reads what a file of /proc tells after name.
func kib(path, name string) int64 {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), name) {
			var value int64
			_, _ = fmt.Sscanf(strings.TrimPrefix(lines.Text(), name), "%d", &value)
			return value
		}
	}
	return 0
}

func report(workload string, wall, cpuSeconds float64, fields string) {
	fmt.Printf("%s go %s wall_s=%.4f cpu_s=%.4f rss_kib=%d\n", workload, fields, wall, cpuSeconds, kib("/proc/self/status", "VmHWM:"))
}

// operations runs the work of one that repeats an operation; run returns what it has done, and a sum.
func operations(workload string, count, size int, run func(count, size int) (done int, sum uint64)) {
	flag.IntVar(&count, "operations", count, "how many operations")
	flag.IntVar(&size, "size", size, "how large each is, or how many are under way at once")
	flag.Parse()
	if count < 1 || size < 1 {
		fail(workload, "--operations and --size must be positive")
	}
	startCPU, start := cpu(), time.Now()
	done, sum := run(count, size)
	wall, spent := time.Since(start).Seconds(), cpu()-startCPU
	if done != count {
		fail(workload, fmt.Sprintf("%d of %d operations done", done, count))
	}
	each := 1e9 / float64(count)
	report(workload, wall, spent, fmt.Sprintf("operations=%d size=%d done=%d sum=%d op_ns=%.4f op_cpu_ns=%.4f",
		count, size, done, sum, wall*each, spent*each))
}
