// Remote procedure calls as a client sends them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wire/types.hpp"

namespace tds {

enum class Procedure { kUnknown, kExecuteSql, kPrepare, kExecute, kPrepareAndExecute, kUnprepare };

struct RpcParameter {
    std::string name;  // UTF-8; mostly empty
    Type type;
    Value value;
};

struct Rpc {
    Procedure procedure = Procedure::kUnknown;
    std::string name;  // or "procedure 42"
    std::vector<RpcParameter> parameters;
};

// ALL_HEADERS, with which requests begin.
void skip_headers(Reader& reader);

// Without the headers. Throws Malformed.
std::vector<Rpc> take_rpcs(Reader& reader);

// "@P1 nvarchar(4000), @P2 decimal(10,2)": the names.
std::vector<std::string> declared_names(std::string_view definition);

}  // namespace tds
