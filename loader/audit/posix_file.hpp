// Files of the audit directory: owner-only, appended or replaced whole, never half-written.
// Pure POSIX, no locks: AuditDir serialises. Throws loader::Error (exit 1) that names the directory.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace lakemover::loader {

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor();
    int get() const noexcept { return fd_; }
    bool valid() const noexcept { return fd_ >= 0; }
    int release() noexcept;

private:
    int fd_ = -1;
};

// All of it, over interruptions and short writes. Returns 0 or errno.
int write_all(int fd, std::string_view bytes) noexcept;

// A file that only grows. A piece that could not be written whole is cut off again, so that what is
// there stays readable after the disk was full.
class AppendFile {
public:
    static AppendFile create(int dir_fd, const std::filesystem::path& dir, std::string name);
    // Goes on with a file that is there.
    static AppendFile reopen(int dir_fd, const std::filesystem::path& dir, std::string name);
    void append(std::string_view piece);
    void sync();
    const std::string& name() const { return name_; }
    long long size() const { return size_; }

private:
    AppendFile(FileDescriptor fd, std::filesystem::path dir, std::string name);
    FileDescriptor fd_;
    std::filesystem::path dir_;
    std::string name_;
    long long size_ = 0;  // bytes known to be whole
};

// Temporary file, fsync, rename, fsync of the directory: a reader sees the old content or the new one.
void replace_file(int dir_fd, const std::filesystem::path& dir, const std::string& name, std::string_view content);
// The same for what need not be in memory at once: next() puts the next piece into its argument, or returns false.
using NextPiece = std::function<bool(std::string& piece)>;
void replace_file(int dir_fd, const std::filesystem::path& dir, const std::string& name, const NextPiece& next);

// A file's bytes as long as the object lives; not for files that somebody may cut meanwhile. Follows no link, and takes
// regular files only.
class MappedFile {
public:
    MappedFile(int dir_fd, const std::filesystem::path& dir, const std::string& name);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    std::string_view bytes() const { return bytes_; }

private:
    std::string_view bytes_;
    std::string copy_;  // where the mount cannot map files
};

// fsync; file systems that do not know it (some network and FUSE mounts) are not an error.
void sync_descriptor(int fd, const std::filesystem::path& dir, const std::string& name);

}  // namespace lakemover::loader
