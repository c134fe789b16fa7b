// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"

/* A module's parameter starts with one of the letters. */
static bool parameter_is(const char *root, const char *rel, const char *letters)
{
	_cleanup_free_ char *path = xasprintf("%s/sys/module/%s", root, rel);
	_cleanup_buf_ struct buf text = BUF_INIT;

	return fs_exists(path) && fs_read(path, &text, NULL) == 0 && text.size &&
	       strchr(letters, text.data[0]);
}

char *kvm_refusal(const char *arch, const char *root)
{
	_cleanup_free_ char *dev = xasprintf("%s/dev/kvm", root);
	const char *host_arch;
	struct utsname uts;
	int fd;

	uname(&uts);
	host_arch = !strcmp(uts.machine, "aarch64") ? "arm64" : uts.machine;
	if (strcmp(host_arch, arch))
		return xasprintf("KVM runs only the host's architecture: this host is %s, the machine %s",
				 host_arch, arch);
	if (!fs_exists(dev))
		return xstrdup("there is no /dev/kvm: the host has no virtualisation, or none for this guest");
	fd = open(dev, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return xasprintf("/dev/kvm cannot be opened: %s; to mend it: adduser $USER kvm",
				 strerror(errno));
	close(fd);
	if (!strcmp(arch, "arm64"))
		return parameter_is(root, "kvm/parameters/mode", "n") ? NULL :
			xstrdup("KVM does not nest here: it needs FEAT_NV2 and kvm-arm.mode=nested on the "
				"host kernel's command line");
	return parameter_is(root, "kvm_intel/parameters/nested", "Y1") ||
	       parameter_is(root, "kvm_amd/parameters/nested", "Y1") ? NULL :
		xstrdup("KVM does not nest here: it needs kvm_intel.nested=1 or kvm_amd.nested=1 on the "
			"host kernel's command line");
}

bool kvm_picked(const char *accel, const char *arch, const char *root)
{
	_cleanup_free_ char *refusal = NULL;

	if (strcmp(accel, "auto"))
		return !strcmp(accel, "kvm");
	refusal = kvm_refusal(arch, root);
	return !refusal;
}
