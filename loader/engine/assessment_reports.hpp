// What SELECT lakemover.assess() stored becomes HTML and PDF here: one assessment after another, by a thread with a session of
// its own, whatever run the daemon is busy with. Throws nothing once it is made.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "loader/config/settings.hpp"
#include "loader/staging/staging.hpp"

namespace lakemover::loader {

class AssessmentReports {
public:
    // say(kind, message): from the thread.
    using Say = std::function<void(const std::string&, const std::string&)>;
    AssessmentReports(const Settings& settings, const Staging& staging, Say say);
    AssessmentReports(const AssessmentReports&) = delete;
    AssessmentReports& operator=(const AssessmentReports&) = delete;
    ~AssessmentReports();  // waits for a report that is being written

private:
    void work();
    // False: there is none to write.
    bool write_one(Pg& staging);
    // False: the end has come.
    bool rest(std::chrono::milliseconds time);

    const Settings& settings_;
    const Staging& staging_;
    const Say say_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace lakemover::loader
