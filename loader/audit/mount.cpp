#include "loader/audit/mount.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "loader/audit/chained_log.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

constexpr const char* kProbe = ".probe";
constexpr const char* kRenamed = ".probe-renamed";
constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;

bool is_trouble(int error) {
    return error == ENOSPC || error == EDQUOT || error == EACCES || error == EPERM || error == EROFS ||
           error == EMFILE || error == ENFILE;
}

// 0, or the errno of what did not work.
int try_out(int dir_fd) {
    {
        const FileDescriptor fd(::openat(dir_fd, kProbe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
        if (!fd.valid()) return errno;
        if (const int error = write_all(fd.get(), "a")) return error;
    }
    {
        const FileDescriptor fd(::openat(dir_fd, kProbe, O_WRONLY | O_APPEND | O_CLOEXEC));
        if (!fd.valid()) return errno;
        if (const int error = write_all(fd.get(), "b")) return error;
        if (::fsync(fd.get()) != 0) return errno;
    }
    if (::renameat(dir_fd, kProbe, dir_fd, kRenamed) != 0) return errno;
    const FileDescriptor fd(::openat(dir_fd, kRenamed, O_RDONLY | O_CLOEXEC));
    char found[4] = {};
    if (!fd.valid()) return errno;
    // A mount may take an append and keep the last piece only.
    return ::read(fd.get(), found, sizeof found) == 2 && std::string_view(found, 2) == "ab" ? 0 : ENOTSUP;
}

}  // namespace

bool is_file_system(int dir_fd, const std::filesystem::path& dir) {
    const int error = try_out(dir_fd);
    ::unlinkat(dir_fd, kProbe, 0);
    ::unlinkat(dir_fd, kRenamed, 0);
    if (is_trouble(error))
        throw Error(Exit::kUsage, "could not write in the audit directory \"" + dir.string() + "\"",
                    std::strerror(error), "make it writable, or name another one with LAKEMOVER_AUDIT_DIR");
    return error == 0;
}

void MirrorDir::copy(int local_fd, const std::filesystem::path& local, const std::set<std::string>& names) {
    for (const std::string& name : names) {
        const MappedFile file(local_fd, local, name);
        std::string digest = sha256_hex(file.bytes());
        if (const auto known = copied_.find(name); known != copied_.end() && known->second == digest) continue;
        int error = 0;
        {
            FileDescriptor fd(
                ::openat(fd_.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode));
            error = fd.valid() ? write_all(fd.get(), file.bytes()) : errno;
            // Only closing it tells whether an object store has taken it.
            if (error == 0 && ::close(fd.release()) != 0) error = errno;
        }
        if (error != 0)
            throw Error(Exit::kOther,
                        "could not copy \"" + name + "\" into the audit directory \"" + path_.string() + "\"",
                        std::strerror(error), "what was written is in " + local.string());
        copied_[name] = std::move(digest);
    }
}

void MirrorDir::remove(const std::string& name) {
    if (copied_.erase(name) > 0) ::unlinkat(fd_.get(), name.c_str(), 0);
}

}  // namespace lakemover::loader
