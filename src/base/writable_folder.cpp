#include "logdist/base/writable_folder.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace logdist {
namespace {

/// Those that show what the kernel has, and take no files of others.
constexpr std::array<std::uint32_t, 14> kernel_file_systems{
    PROC_SUPER_MAGIC,    SYSFS_MAGIC,    DEVPTS_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
    SECURITYFS_MAGIC,    SELINUX_MAGIC,  SMACK_MAGIC,        BPF_FS_MAGIC,  CGROUP_SUPER_MAGIC,
    CGROUP2_SUPER_MAGIC, BINFMTFS_MAGIC, NSFS_MAGIC,         0x62656570 /* configfs */};

bool is_kernels(const std::string& folder) {
  struct statfs status {};
  return ::statfs(folder.c_str(), &status) == 0 &&
         std::ranges::count(kernel_file_systems, static_cast<std::uint32_t>(status.f_type)) > 0;
}

}  // namespace

int why_no_files_in(const std::string& folder, int access) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return errno;
  if (!S_ISDIR(status.st_mode)) return ENOTDIR;
  if (::faccessat(AT_FDCWD, folder.c_str(), access, AT_EACCESS) != 0) return errno;
  return is_kernels(folder) ? EPERM : 0;
}

}  // namespace logdist
