// What stands between the wire and the SQL of the test server: the wire calls, the engine answers.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "value.hpp"

namespace tds {

struct ResultColumn {
    std::string name;  // UTF-8
    Type type;
    bool nullable = true;
};

// A misbehaviour that the wire carries out at once, wherever it stands; thrown by the engine or by row().
struct Misbehave {
    enum class What {
        kDrop,      // close the socket (RST), without another byte
        kTruncate,  // send half of what is buffered of this packet, then close in order
        kGarbage    // send a token that no TDS has, and go on as if nothing were
    };
    What what;
};

// Where a batch's answers go. Every function may throw SqlError or Misbehave.
class Answer {
public:
    virtual ~Answer() = default;
    virtual void columns(const std::vector<ResultColumn>& columns) = 0;
    virtual void row(const std::vector<Value>& values) = 0;  // throws Cancelled when an attention came
    // The end of a statement. With rows < 0 the count is not told (SET NOCOUNT ON, or nothing to count).
    virtual void statement_done(std::int64_t rows, bool more_follow) = 0;
    virtual void message(int number, int severity, int state, const std::string& text) = 0;  // INFO token
    // Sends what is buffered now, so that the client sees it before a stall.
    virtual void flush() = 0;
    virtual bool cancelled() = 0;  // an attention is waiting
};

struct Cancelled {};  // thrown through the engine when the client cancels

class Session {
public:
    virtual ~Session() = default;
    virtual void batch(const std::string& sql, Answer& answer) = 0;  // UTF-8
    // sp_executesql: parameters by position, named as declared.
    struct Parameter {
        std::string name;
        Type type;
        Value value;
    };
    virtual void batch_with(const std::string& sql, const std::vector<Parameter>& parameters, Answer& answer) = 0;
};

struct Login {
    std::string user, password, database, application, host, language;
    bool read_only_intent = false;
    bool encrypted = false;
};

class Engine {
public:
    virtual ~Engine() = default;
    // Throws SqlError (18456: login failed; 4060: no such database; 40613...), which the wire sends and closes.
    virtual std::unique_ptr<Session> login(const Login& login, int spid) = 0;
    virtual std::string server_name() const = 0;
};

}  // namespace tds
