// The configuration that FreeTDS and the driver manager read, in memory files: nothing is left behind, and no
// other process sees it. Part of connect_plan.hpp. Pure zone; throws source::Error.
#include <odbcinst.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>

#include "source/odbc/connect_plan.hpp"

namespace lakemover::source::odbc {

namespace {

// A file without a name that is read through /proc/self/fd and only grows.
class MemoryFile {
public:
    explicit MemoryFile(const char* variable) : fd_(::memfd_create("lakemover", MFD_CLOEXEC)) {
        if (fd_ < 0) {
            throw Error(ErrorKind::kTransient, "53000", "no memory file could be made for the ODBC driver's settings");
        }
        // Read by drivers with getenv(); set once, before the first of them is loaded.
        ::setenv(variable, ("/proc/self/fd/" + std::to_string(fd_)).c_str(), 1);
    }
    void append(const std::string& text) {
        std::size_t done = 0;
        while (done < text.size()) {
            const ssize_t n = ::write(fd_, text.data() + done, text.size() - done);
            if (n <= 0) {
                throw Error(ErrorKind::kTransient, "53000", "the ODBC driver's settings could not be written");
            }
            done += static_cast<std::size_t>(n);
        }
    }

private:
    int fd_;
};

}  // namespace

void publish_sections(const Endpoint& endpoint) {
    static std::mutex mutex;
    static std::set<std::string> published;
    const std::lock_guard lock(mutex);
    static MemoryFile conf("FREETDSCONF");
    static MemoryFile ini("ODBCINI");
    const std::string section = section_of(endpoint);
    if (published.insert(section).second) {
        conf.append(freetds_conf(endpoint, section));
        ini.append(odbc_ini(endpoint, section));
    }
}

std::string driver_library(const std::string& name) {
    // Not by SQLDrivers(): unixODBC 2.3.11 loses memory in every call of it, and this is asked for every connection.
    std::array<char, 65536> names{};
    WORD length = 0;
    SQLGetInstalledDrivers(names.data(), static_cast<WORD>(names.size() - 1), &length);
    std::string installed;
    // "FreeTDS\0ODBC Driver 18 for SQL Server\0\0"
    for (const char* at = names.data(); *at != '\0'; at += std::string_view(at).size() + 1) {
        installed += (installed.empty() ? "" : ", ") + std::string(at);
        if (at == name) {
            std::array<char, 2048> library{};
            SQLGetPrivateProfileString(at, "Driver", "", library.data(), static_cast<int>(library.size()),
                                       "odbcinst.ini");
            return library.data();
        }
    }
    throw Error(ErrorKind::kConnect, "08001", "there is no ODBC driver \"" + name + "\" in odbcinst.ini",
                installed.empty() ? "none is installed" : "installed are: " + installed,
                "install it (Debian: tdsodbc brings FreeTDS) or name another one in the option \"driver\"");
}

}  // namespace lakemover::source::odbc
