#include "loader/staging/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "loader/util/error.hpp"

namespace lakemover::loader {

namespace {

Identity from_passwd(const passwd& p) { return {p.pw_uid, p.pw_gid, p.pw_name, p.pw_dir}; }

}  // namespace

std::string host_name() {
    char host[256] = "localhost";
    gethostname(host, sizeof host - 1);
    return host;
}

Identity current_user() {
    if (const passwd* p = getpwuid(geteuid())) return from_passwd(*p);
    return {geteuid(), getegid(), std::to_string(geteuid()), "/"};
}

std::optional<Identity> find_user(const std::string& name) {
    if (const passwd* p = getpwnam(name.c_str())) return from_passwd(*p);
    return std::nullopt;
}

Outcome run_process(const std::vector<std::string>& argv, const std::optional<Identity>& as,
                    const std::string& working_directory) {
    std::vector<char*> args;
    for (const std::string& a : argv) args.push_back(const_cast<char*>(a.c_str()));
    args.push_back(nullptr);
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) throw Error(Exit::kOther, "cannot create a pipe", std::strerror(errno));
    const pid_t pid = fork();
    if (pid < 0) throw Error(Exit::kOther, "cannot start " + argv[0], std::strerror(errno));
    if (pid == 0) {
        // A group of its own: Ctrl-C at the terminal must not take the staging server down with it.
        setsid();
        dup2(pipe_fds[1], STDOUT_FILENO);
        dup2(pipe_fds[1], STDERR_FILENO);
        const int null_fd = open("/dev/null", O_RDONLY);
        if (null_fd >= 0) dup2(null_fd, STDIN_FILENO);
        if (as && (initgroups(as->name.c_str(), as->gid) != 0 || setgid(as->gid) != 0 || setuid(as->uid) != 0))
            _exit(126);
        if (chdir(working_directory.c_str()) != 0) _exit(125);
        if (as) setenv("HOME", as->home.c_str(), 1);
        setenv("LC_ALL", "C", 1);
        execv(args[0], args.data());
        _exit(127);
    }
    close(pipe_fds[1]);
    Outcome outcome;
    char buffer[4096];
    ssize_t n = 0;
    // pg_ctl's server inherits the pipe only if it is not redirected; callers give it a log file.
    while ((n = read(pipe_fds[0], buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0) outcome.output.append(buffer, static_cast<std::size_t>(n));
    close(pipe_fds[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome;
}

void make_directory(const std::string& path, mode_t mode, const std::optional<Identity>& owner, Existing existing) {
    const bool made = mkdir(path.c_str(), mode) == 0;
    if (!made && errno != EEXIST)
        throw Error(Exit::kUsage, "cannot create the directory \"" + path + "\"", std::strerror(errno),
                    "choose another place with LAKEMOVER_HOME");
    // By descriptor: as root we work below directories of another user, who may have put a link there.
    const int fd =
        open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (existing == Existing::kOurs ? O_NOFOLLOW : 0));
    struct stat st {};
    const bool there = fd >= 0 && fstat(fd, &st) == 0;
    std::string problem;
    if (!there)
        problem = "\"" + path + "\" is not a directory";
    else if (made || existing == Existing::kOurs) {
        if (owner && st.st_uid != owner->uid && (st.st_uid != geteuid() || fchown(fd, owner->uid, owner->gid) != 0))
            problem = "cannot give the directory \"" + path + "\" to user " + owner->name;
        else if (!owner && st.st_uid != geteuid())
            problem = "the directory \"" + path + "\" belongs to somebody else";
        else if ((st.st_mode & 07777) != mode && fchmod(fd, mode) != 0)
            problem = "cannot make the directory \"" + path + "\" private";
    }
    if (fd >= 0) close(fd);
    if (!problem.empty()) throw Error(Exit::kUsage, problem, {}, "choose another place with LAKEMOVER_HOME");
}

}  // namespace lakemover::loader
