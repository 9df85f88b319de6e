package daemon

import (
	"os/exec"
	"path/filepath"
	"testing"
)

func TestDiskIsAudited(t *testing.T) {
	records := filepath.Join(t.TempDir(), "records.log")
	t.Setenv("VIRAUDIT_TARGET", "file:"+records)
	expect := exec.Command("viraudit", "expect", "--from", records, "vm=web1", "resrc=disk",
		"reason=attach", "--", "./daemon", "web1", "/images/a.qcow2")
	if out, err := expect.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
