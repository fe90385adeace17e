#include "loader/engine/classify.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace lakemover::loader {

namespace {

struct StateRule {
    std::string_view prefix;  // two characters for a class, five for one state
    Response response;
};

// The longest prefix decides; what is not here costs an attempt.
constexpr std::array kStates = {
    StateRule{"08", Response::kOutage},        // connection exception
    StateRule{"08P01", Response::kRetry},      // protocol violation
    StateRule{"57P01", Response::kOutage},     // admin_shutdown
    StateRule{"57P02", Response::kOutage},     // crash_shutdown
    StateRule{"57P03", Response::kOutage},     // cannot_connect_now
    StateRule{"57P05", Response::kOutage},     // idle_session_timeout
    StateRule{"53", Response::kOutage},        // disk full, too many connections
    StateRule{"53200", Response::kRetry},      // out of memory: perhaps this chunk is the reason
    StateRule{"25006", Response::kOutage},     // read-only for a moment: a failover
    StateRule{"28P01", Response::kNewSecret},  // invalid_password, also an expired token
    StateRule{"28000", Response::kNewSecret}, StateRule{"22", Response::kFail},  // data exception
    StateRule{"23", Response::kFail},                                            // integrity constraint violation
    StateRule{"42", Response::kFail},                                            // no such object, no privilege
    StateRule{"0A", Response::kFail},                                            // not supported
    StateRule{"54", Response::kFail},                                            // a limit of the server
};

struct NativeRule {
    int native;
    Response response;
};

// SQL Server's, Azure SQL's and DB-Library's numbers; outages after Microsoft's list of transient faults.
constexpr std::array kNatives = {
    NativeRule{64, Response::kOutage},       NativeRule{233, Response::kOutage},
    NativeRule{4060, Response::kOutage},     NativeRule{10053, Response::kOutage},
    NativeRule{10054, Response::kOutage},    NativeRule{10060, Response::kOutage},
    NativeRule{10928, Response::kOutage},    NativeRule{10929, Response::kOutage},
    NativeRule{10936, Response::kOutage},    NativeRule{40197, Response::kOutage},
    NativeRule{40501, Response::kOutage},    NativeRule{40540, Response::kOutage},
    NativeRule{40613, Response::kOutage},    NativeRule{49918, Response::kOutage},
    NativeRule{49919, Response::kOutage},    NativeRule{49920, Response::kOutage},
    NativeRule{20003, Response::kOutage},    NativeRule{20004, Response::kOutage},
    NativeRule{20006, Response::kOutage},    NativeRule{20008, Response::kOutage},
    NativeRule{20009, Response::kOutage},    NativeRule{20017, Response::kOutage},
    NativeRule{20020, Response::kRetry},     NativeRule{701, Response::kRetry},
    NativeRule{1205, Response::kRetry},      NativeRule{1222, Response::kRetry},
    NativeRule{3958, Response::kRetry},      NativeRule{3960, Response::kRetry},
    NativeRule{3961, Response::kRetry},      NativeRule{3966, Response::kRetry},
    NativeRule{3967, Response::kRetry},      NativeRule{18452, Response::kNewSecret},
    NativeRule{18456, Response::kNewSecret}, NativeRule{18486, Response::kNewSecret},
    NativeRule{18487, Response::kNewSecret}, NativeRule{18488, Response::kNewSecret},
    NativeRule{207, Response::kFail},        NativeRule{208, Response::kFail},
    NativeRule{229, Response::kFail},        NativeRule{230, Response::kFail},
};

// The ODBC driver's records end in "[SQLSTATE, number]"; the first one is the reason.
int native_in(const std::string& detail) {
    for (std::size_t at = detail.find('['); at != std::string::npos; at = detail.find('[', at + 1)) {
        const std::size_t comma = at + 6;
        if (comma + 2 >= detail.size() || detail.compare(comma, 2, ", ") != 0) continue;
        std::size_t end = comma + 2;
        int number = 0;
        while (end < detail.size() && end < comma + 10 && std::isdigit(static_cast<unsigned char>(detail[end])) != 0)
            number = number * 10 + (detail[end++] - '0');
        if (end > comma + 2 && end < detail.size() && detail[end] == ']') return number;
    }
    return 0;
}

}  // namespace

Response response_to(const std::string& sqlstate, int native, bool connection_lost) {
    const auto number =
        std::find_if(kNatives.begin(), kNatives.end(), [=](const NativeRule& r) { return r.native == native; });
    if (number != kNatives.end()) return number->response;
    const StateRule* best = nullptr;
    for (const StateRule& rule : kStates)
        if (sqlstate.starts_with(rule.prefix) && (!best || rule.prefix.size() > best->prefix.size())) best = &rule;
    if (best && (best->response == Response::kOutage || best->response == Response::kNewSecret)) return best->response;
    if (connection_lost) return Response::kOutage;
    return best ? best->response : Response::kRetry;
}

Response response_to(const Error& error) {
    return response_to(error.sqlstate, error.peer == "source" ? native_in(error.detail) : 0, error.connection_lost);
}

}  // namespace lakemover::loader
