#include "loader/staging/embedded.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace lakemover::loader {

namespace {

constexpr const char* kRole = "lakemover";
// sockaddr_un holds 107 bytes; ".s.PGSQL.5432" and a slash take 14.
constexpr std::size_t kLongestSocketDirectory = 93;

int open_lock(const std::string& path) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        throw Error(Exit::kUsage, "cannot open the lock file \"" + path + "\"", std::strerror(errno),
                    "choose another place with LAKEMOVER_HOME");
    return fd;
}

void lock(int fd, int operation) {
    while (flock(fd, operation) != 0)
        if (errno != EINTR) throw Error(Exit::kOther, "cannot lock the staging directory", std::strerror(errno));
}

std::string tail(const std::string& path, std::size_t bytes) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    if (!in) return {};
    const auto size = static_cast<std::size_t>(in.tellg());
    const std::size_t from = size > bytes ? size - bytes : 0;
    in.seekg(static_cast<std::streamoff>(from));
    std::string text(size - from, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    return text;
}

void write_private(const std::string& path, const std::string& text, const std::optional<Identity>& owner) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) throw Error(Exit::kUsage, "cannot write \"" + path + "\"", std::strerror(errno));
    const bool ok = fchmod(fd, 0600) == 0 && (!owner || fchown(fd, owner->uid, owner->gid) == 0) &&
                    write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int saved = errno;
    close(fd);
    if (!ok) throw Error(Exit::kOther, "cannot write \"" + path + "\"", std::strerror(saved));
}

}  // namespace

std::string EmbeddedStaging::default_home() {
    if (geteuid() == 0) return "/var/lib/lakemover";
    const char* home = std::getenv("HOME");
    return std::string(home ? home : current_user().home) + "/.lakemover";
}

std::unique_ptr<EmbeddedStaging> EmbeddedStaging::attach(const std::string& home, const std::string& bindir) {
    std::unique_ptr<EmbeddedStaging> self(new EmbeddedStaging);
    self->home_ = fs::absolute(home).string();
    self->base_ = self->home_ + "/staging";
    self->data_ = self->base_ + "/data";
    self->bindir_ = bindir;
    if (geteuid() == 0) {
        self->server_user_ = find_user("postgres");
        if (!self->server_user_)
            throw Error(Exit::kUsage,
                        "PostgreSQL refuses to run as root, and there is no user \"postgres\" to run it as", {},
                        "install the server package, or run lakemover as an ordinary user");
    }
    if (access((bindir + "/postgres").c_str(), X_OK) != 0)
        throw Error(Exit::kUsage, "no PostgreSQL server in \"" + bindir + "\"", {},
                    "install postgresql-15 or newer and lakemover's extension, or set LAKEMOVER_PG_BINDIR");
    make_directory(self->home_, 0700, self->server_user_, Existing::kUsers);
    make_directory(self->base_, 0700, self->server_user_);
    // Attached CLIs hold this shared; whoever can take it alone is the last.
    self->attach_fd_ = open_lock(self->base_ + "/attach.lock");
    const int start_fd = open_lock(self->base_ + "/start.lock");
    try {
        lock(start_fd, LOCK_EX);
        lock(self->attach_fd_, LOCK_SH);
        if (!fs::exists(self->data_ + "/PG_VERSION")) self->create_cluster();
        self->write_configuration();
        // Left by a CLI that was killed while it waited for the end of its server.
        if (self->stopping()) self->stop_server();
        if (!self->running()) self->start();
    } catch (...) {
        close(start_fd);
        throw;
    }
    close(start_fd);
    return self;
}

void EmbeddedStaging::create_cluster() {
    // Under another name until it is whole: an initdb that was killed leaves a PG_VERSION, too.
    const std::string unfinished = data_ + ".new";
    std::error_code ignored;
    fs::remove_all(data_, ignored);
    fs::remove_all(unfinished, ignored);
    const Outcome made = run_process({bindir_ + "/initdb", "-D", unfinished, "-U", kRole, "-E", "UTF8",
                                      "--locale=C.UTF-8", "--auth=peer", "--data-checksums"},
                                     server_user_, base_);
    if (made.status == 0) fs::rename(unfinished, data_);
    if (made.status != 0) {
        fs::remove_all(unfinished, ignored);
        throw Error(Exit::kOther, "cannot create the staging database in \"" + data_ + "\"", made.output,
                    "check free space and permissions of LAKEMOVER_HOME");
    }
}

void EmbeddedStaging::write_configuration() {
    socket_dir_ = base_ + "/s";
    if (socket_dir_.size() > kLongestSocketDirectory) {
        // Too long for a socket address: a short private directory, the same one every time.
        socket_dir_ = "/tmp/lakemover-" + std::to_string(geteuid()) + "-" +
                      std::to_string(std::hash<std::string>{}(base_) % 100000000);
    }
    make_directory(socket_dir_, 0700, server_user_);
    struct stat st {};
    if (lstat(socket_dir_.c_str(), &st) != 0 || !S_ISDIR(st.st_mode) ||
        st.st_uid != (server_user_ ? server_user_->uid : geteuid()))
        throw Error(Exit::kOther, "the socket directory \"" + socket_dir_ + "\" belongs to somebody else", {},
                    "remove it, or set LAKEMOVER_HOME to a shorter path");
    const std::string ident = std::string("lakemover ") + current_user().name + " " + kRole + "\n" +
                              (server_user_ ? "lakemover " + server_user_->name + " " + kRole + "\n" : "");
    write_private(data_ + "/pg_hba.conf", "local all all peer map=lakemover\n", server_user_);
    write_private(data_ + "/pg_ident.conf", ident, server_user_);
    write_private(data_ + "/postgresql.auto.conf",
                  "listen_addresses = ''\n"
                  "unix_socket_directories = '" +
                      socket_dir_ +
                      "'\n"
                      "unix_socket_permissions = 0700\n"
                      "port = 5432\n"
                      "max_connections = 200\n"
                      "max_worker_processes = 32\n"
                      "shared_buffers = 64MB\n"
                      "wal_level = minimal\n"
                      "max_wal_senders = 0\n"
                      "jit = off\n"
                      "log_statement = none\n"
                      "log_min_error_statement = panic\n"
                      "log_connections = off\n"
                      "client_connection_check_interval = 1s\n",
                  server_user_);
}

bool EmbeddedStaging::running() const {
    std::ifstream in(data_ + "/postmaster.pid");
    pid_t pid = 0;
    if (!(in >> pid) || pid <= 1) return false;
    if (kill(pid, 0) != 0 && errno == ESRCH) return false;
    // The file may be left over from a crash and the number reused: ask the server itself.
    return run_process({bindir_ + "/pg_ctl", "status", "-D", data_}, server_user_, base_).status == 0;
}

void EmbeddedStaging::start() {
    const std::string log = base_ + "/server.log";
    const Outcome up = run_process({bindir_ + "/pg_ctl", "start", "-w", "-t", "60", "-s", "-D", data_, "-l", log},
                                   server_user_, base_);
    if (up.status != 0)
        throw Error(Exit::kOther, "cannot start the staging database in \"" + data_ + "\"", up.output + tail(log, 2000),
                    "the server's log is " + log);
}

bool EmbeddedStaging::stopping() const {
    // The server's state is the file's eighth line.
    std::ifstream in(data_ + "/postmaster.pid");
    std::string line;
    for (int n = 0; n < 8; ++n) std::getline(in, line);
    return in && line.rfind("stopping", 0) == 0 && running();
}

void EmbeddedStaging::stop_server() const {
    const auto stop = [&](const char* mode, const char* seconds) {
        return run_process({bindir_ + "/pg_ctl", "stop", "-w", "-t", seconds, "-m", mode, "-s", "-D", data_},
                           server_user_, base_);
    };
    // PostgreSQL 15 never ends when it is told to in the middle of crash recovery after a session was killed: it waits for
    // a checkpointer that nobody has told. Nothing committed is lost by an immediate end.
    if (stopping() || stop("fast", "30").status != 0) stop("immediate", "30");
}

void EmbeddedStaging::stop() noexcept {
    try {
        stop_server();
        std::error_code ignored;
        fs::remove_all(base_ + "/secrets", ignored);
        if (socket_dir_.rfind("/tmp/", 0) == 0) fs::remove_all(socket_dir_, ignored);
    } catch (...) {
        // Nobody is left to tell; the next attach finds the server running and uses it.
    }
}

EmbeddedStaging::~EmbeddedStaging() {
    if (attach_fd_ >= 0) {
        const int start_fd = open((base_ + "/start.lock").c_str(), O_RDWR | O_CLOEXEC);
        if (start_fd >= 0) flock(start_fd, LOCK_EX);
        if (flock(attach_fd_, LOCK_EX | LOCK_NB) == 0) stop();
        close(attach_fd_);
        if (start_fd >= 0) close(start_fd);
    }
    if (work_fd_ >= 0) close(work_fd_);
}

bool EmbeddedStaging::try_lock_for_work() {
    const std::string path = base_ + "/work.lock";
    work_fd_ = open_lock(path);
    if (flock(work_fd_, LOCK_EX | LOCK_NB) != 0) return false;
    const std::string me = std::to_string(getpid());
    if (ftruncate(work_fd_, 0) != 0 || pwrite(work_fd_, me.data(), me.size(), 0) < 0)
        throw Error(Exit::kOther, "cannot write the lock file \"" + path + "\"", std::strerror(errno));
    return true;
}

void EmbeddedStaging::unlock_for_work() {
    close(work_fd_);
    work_fd_ = -1;
}

void EmbeddedStaging::lock_for_work() {
    if (try_lock_for_work()) return;
    char who[32] = {};
    (void)!pread(work_fd_, who, sizeof who - 1, 0);
    throw Error(Exit::kUsage, std::string("another lakemover works in \"") + home_ + "\" (process " + who + ")", {},
                "wait for it, watch it with lakemover status, or give this one another LAKEMOVER_HOME");
}

ConnInfo EmbeddedStaging::conninfo() const {
    return {{"host", socket_dir_},
            {"port", "5432"},
            {"dbname", "postgres"},
            {"user", kRole},
            {"application_name", "lakemover"}};
}

std::string EmbeddedStaging::store_source_password(const std::string& source, const std::string& password) {
    const std::string dir = base_ + "/secrets";
    make_directory(dir, 0700, server_user_);
    std::string file = dir + "/";
    for (const char c : source) file += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    write_private(file, password, server_user_);
    return file;
}

}  // namespace lakemover::loader
