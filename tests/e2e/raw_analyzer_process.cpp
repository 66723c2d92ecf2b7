#include "tests/e2e/raw_analyzer_process.hpp"

#include <stdexcept>

#include "tests/e2e/wait.hpp"

namespace logdist::e2e {

RawAnalyzerProcess::RawAnalyzerProcess(const std::string& journal_path) : journal_path_(journal_path) { start(); }

void RawAnalyzerProcess::start() {
  test::ProcessOptions options;
  options.program = LOGDIST_RAW_ANALYZER;
  options.arguments = {std::to_string(port_.port()), journal_path_};
  process_ = std::make_unique<test::Process>(options);
  if (process_->wait_for_line("listens on ", patience)) return;
  throw std::runtime_error("the analyzer did not start:\n" + process_->errors());
}

void RawAnalyzerProcess::kill() {
  process_->signal(SIGKILL);
  if (process_->wait_exit(patience) != 128 + SIGKILL) throw std::runtime_error("the analyzer was not killed");
}

}  // namespace logdist::e2e
