// Files of the audit directory: owner-only, appended or replaced whole, never half-written.
#include "loader/audit/posix_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;

[[noreturn]] void raise_failure(const std::string& verb, const std::string& name, const std::filesystem::path& dir,
                                int error) {
    std::string hint = "correct the cause, then start again";
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        hint = "free space there or name another directory with LAKEMOVER_AUDIT_DIR, then start again";
    throw Error(Exit::kOther, "could not " + verb + " \"" + name + "\" in the audit directory \"" + dir.string() + "\"",
                std::generic_category().message(error), std::move(hint));
}

// Returns 0 or errno.
int sync_errno(int fd) noexcept {
    while (::fsync(fd) != 0) {
        if (errno == EINTR) continue;
        if (errno == EINVAL || errno == ENOTSUP || errno == ENOSYS) return 0;
        return errno;
    }
    return 0;
}

}  // namespace

int write_all(int fd, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd, bytes.data(), bytes.size());
        if (done < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        if (done == 0) return ENOSPC;
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return 0;
}

FileDescriptor::~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = other.release();
    }
    return *this;
}

int FileDescriptor::release() noexcept { return std::exchange(fd_, -1); }

AppendFile::AppendFile(FileDescriptor fd, std::filesystem::path dir, std::string name)
    : fd_(std::move(fd)), dir_(std::move(dir)), name_(std::move(name)) {}

AppendFile AppendFile::create(int dir_fd, const std::filesystem::path& dir, std::string name) {
    FileDescriptor fd(
        ::openat(dir_fd, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kFileMode));
    if (!fd.valid()) raise_failure("create", name, dir, errno);
    return {std::move(fd), dir, std::move(name)};
}

AppendFile AppendFile::reopen(int dir_fd, const std::filesystem::path& dir, std::string name) {
    FileDescriptor fd(::openat(dir_fd, name.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
    struct stat info {};
    if (!fd.valid() || ::fstat(fd.get(), &info) != 0) raise_failure("open", name, dir, errno);
    AppendFile file(std::move(fd), dir, std::move(name));
    file.size_ = info.st_size;
    return file;
}

void AppendFile::append(std::string_view piece) {
    if (const int error = write_all(fd_.get(), piece); error != 0) {
        // The result changes nothing: the write's own error is the one to report.
        [[maybe_unused]] const int cut = ::ftruncate(fd_.get(), size_);
        raise_failure("write", name_, dir_, error);
    }
    size_ += static_cast<long long>(piece.size());
}

void AppendFile::sync() { sync_descriptor(fd_.get(), dir_, name_); }

void sync_descriptor(int fd, const std::filesystem::path& dir, const std::string& name) {
    if (const int error = sync_errno(fd); error != 0) raise_failure("sync", name, dir, error);
}

void replace_file(int dir_fd, const std::filesystem::path& dir, const std::string& name, std::string_view content) {
    bool given = false;
    replace_file(dir_fd, dir, name, [&](std::string& piece) {
        if (std::exchange(given, true)) return false;
        piece = content;
        return true;
    });
}

void replace_file(int dir_fd, const std::filesystem::path& dir, const std::string& name, const NextPiece& next) {
    const std::string temporary = "." + name + ".tmp";
    ::unlinkat(dir_fd, temporary.c_str(), 0);  // left over from a crash
    int error = 0;
    try {
        const FileDescriptor fd(
            ::openat(dir_fd, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kFileMode));
        if (!fd.valid()) raise_failure("create", name, dir, errno);
        std::string piece;
        while (error == 0 && next(piece)) error = write_all(fd.get(), piece);
        if (error == 0) error = sync_errno(fd.get());
    } catch (...) {
        ::unlinkat(dir_fd, temporary.c_str(), 0);
        throw;
    }
    if (error == 0 && ::renameat(dir_fd, temporary.c_str(), dir_fd, name.c_str()) != 0) error = errno;
    if (error != 0) {
        ::unlinkat(dir_fd, temporary.c_str(), 0);
        raise_failure("write", name, dir, error);
    }
    sync_descriptor(dir_fd, dir, ".");
}

MappedFile::MappedFile(int dir_fd, const std::filesystem::path& dir, const std::string& name) {
    const FileDescriptor fd(::openat(dir_fd, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info {};
    if (!fd.valid() || ::fstat(fd.get(), &info) != 0) raise_failure("open", name, dir, errno);
    if (!S_ISREG(info.st_mode)) raise_failure("read", name, dir, EINVAL);
    if (info.st_size == 0) return;
    const auto size = static_cast<std::size_t>(info.st_size);
    void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (start != MAP_FAILED) {
        bytes_ = {static_cast<const char*>(start), size};
        return;
    }
    copy_.resize(size);
    std::size_t done = 0;
    while (done < size) {
        const ssize_t n = ::read(fd.get(), copy_.data() + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) raise_failure("read", name, dir, n < 0 ? errno : EIO);
        done += static_cast<std::size_t>(n);
    }
    bytes_ = copy_;
}

MappedFile::~MappedFile() {
    if (!bytes_.empty() && copy_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace lakemover::loader
