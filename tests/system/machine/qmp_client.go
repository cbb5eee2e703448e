// A QMP client that others have made (Debian's golang-github-digitalocean-go-qemu-dev) talks to a machine.
// qmp_client PROGRAM GUEST SOCKET
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/digitalocean/go-qemu/qemu"
	"github.com/digitalocean/go-qemu/qmp"
	"github.com/digitalocean/go-qemu/qmp/raw"
)

func check(condition bool, what string, values ...interface{}) {
	if !condition {
		fmt.Println("FAILED:", what, values)
		os.Exit(1)
	}
}

func connect(path string) *qmp.SocketMonitor {
	for i := 0; ; i++ {
		monitor, err := qmp.NewSocketMonitor("unix", path, 10*time.Second)
		if err == nil {
			check(monitor.Connect() == nil, "handshake")
			return monitor
		}
		check(i < 600, "connect", err)
		time.Sleep(50 * time.Millisecond)
	}
}

func waitFor(events chan qmp.Event, name string) qmp.Event {
	limit := time.After(60 * time.Second)
	for {
		select {
		case event, open := <-events:
			check(open, "the connection ended before the event", name)
			if event.Event == name {
				return event
			}
		case <-limit:
			check(false, "no event", name)
		}
	}
}

func main() {
	program, guest, path := os.Args[1], os.Args[2], os.Args[3]
	machine := exec.Command(program, "-bios", "none", "-kernel", guest, "-display", "none", "-smp", "2", "-name", "tester",
		"-qmp", "unix:"+path+",server=on,wait=off")
	check(machine.Start() == nil, "start")
	defer machine.Process.Kill()

	// Typed commands, one connection after another
	monitor := connect(path)
	check(monitor.Version.QEMU.Major >= 7, "version in the greeting", monitor.Version)
	typed := raw.NewMonitor(monitor)
	status, err := typed.QueryStatus()
	check(err == nil && status.Running && status.Status == raw.RunStateRunning, "QueryStatus", status, err)
	name, err := typed.QueryName()
	check(err == nil && *name.Name == "tester", "QueryName", name, err)
	kvm, err := typed.QueryKVM()
	check(err == nil && !kvm.Enabled, "QueryKVM", kvm, err)
	text, err := typed.HumanMonitorCommand("info status", nil)
	check(err == nil && text == "VM status: running\r\n", "HumanMonitorCommand", text, err)
	check(typed.Stop() == nil, "Stop")
	status, err = typed.QueryStatus()
	check(err == nil && !status.Running && status.Status == raw.RunStatePaused, "QueryStatus after Stop", status, err)
	check(typed.Cont() == nil, "Cont")
	check(monitor.Disconnect() == nil, "Disconnect")

	monitor = connect(path)
	domain, err := qemu.NewDomain(monitor, "tester")
	check(err == nil, "NewDomain", err)
	events, done, err := domain.Events()
	check(err == nil, "Events", err)
	version, err := domain.PackageVersion()
	check(err == nil && version != "", "PackageVersion", version, err)
	for _, command := range []string{"quit", "query-cpus-fast", "system_powerdown"} {
		supported, err := domain.Supported(command)
		check(err == nil && supported, "Supported", command, err)
	}
	answer, err := domain.Run(qmp.Command{Execute: "query-cpus-fast"})
	var cpus struct {
		Return []struct {
			Index  int    `json:"cpu-index"`
			Thread int    `json:"thread-id"`
			Target string `json:"target"`
		} `json:"return"`
	}
	if err == nil {
		err = json.Unmarshal(answer, &cpus)
	}
	check(err == nil && len(cpus.Return) == 2 && cpus.Return[1].Index == 1, "query-cpus-fast", string(answer), err)
	_, err = domain.Run(qmp.Command{Execute: "fly"})
	check(err != nil, "a command that is not there")
	check(domain.SystemPowerdown() == nil, "SystemPowerdown")
	waitFor(events, "POWERDOWN")
	check(domain.SystemReset() == nil, "SystemReset")
	check(waitFor(events, "RESET").Data["guest"] == false, "data of RESET")
	_, err = domain.Run(qmp.Command{Execute: "quit"})
	check(err == nil, "quit", err)
	check(waitFor(events, "SHUTDOWN").Data["reason"] == "host-qmp-quit", "data of SHUTDOWN")
	close(done)
	check(machine.Wait() == nil, "exit status", machine.ProcessState)
}
