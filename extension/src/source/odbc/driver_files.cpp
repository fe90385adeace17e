// The configuration that FreeTDS and the driver manager read, in memory files: nothing is left behind, and no
// other process sees it. Part of connect_plan.hpp. Pure zone; throws source::Error.
#include <sql.h>
#include <sqlext.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>

#include "source/odbc/connect_plan.hpp"
#include "source/odbc/handles.hpp"

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
    Environment env(SQL_NULL_HANDLE);
    SQLSetEnvAttr(env.get(), SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(static_cast<SQLULEN>(SQL_OV_ODBC3)),
                  0);
    std::string installed;
    std::array<SQLCHAR, 256> text{};
    std::array<SQLCHAR, 2048> attributes{};
    SQLSMALLINT length = 0;
    SQLSMALLINT attributes_length = 0;
    for (SQLUSMALLINT direction = SQL_FETCH_FIRST;
         SQL_SUCCEEDED(SQLDrivers(env.get(), direction, text.data(), text.size(), &length, attributes.data(),
                                  attributes.size(), &attributes_length));
         direction = SQL_FETCH_NEXT) {
        const std::string found = reinterpret_cast<const char*>(text.data());
        installed += (installed.empty() ? "" : ", ") + found;
        if (found != name) {
            continue;
        }
        // "Driver=libtdsodbc.so\0Setup=...\0\0"
        for (const char* at = reinterpret_cast<const char*>(attributes.data()); *at != '\0';
             at += std::string_view(at).size() + 1) {
            if (std::string_view(at).starts_with("Driver=")) {
                return at + 7;
            }
        }
        return {};
    }
    throw Error(ErrorKind::kConnect, "08001", "there is no ODBC driver \"" + name + "\" in odbcinst.ini",
                installed.empty() ? "none is installed" : "installed are: " + installed,
                "install it (Debian: tdsodbc brings FreeTDS) or name another one in the option \"driver\"");
}

}  // namespace lakemover::source::odbc
