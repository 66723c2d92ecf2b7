// `check` exits with 1 where `serve` would, and makes nothing.
#include "cli/check_command.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "logdist/queue/log/record.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::cli {
namespace {

using testing::HasSubstr;

/// A configuration with one analyzer, and what `check` says of it.
class Check : public testing::Test {
 protected:
  std::string said_of(const std::string& more, bool reload = false) {
    const std::string file =
        folder_.write("c.yaml", "analyzers: [{name: a, url: 'http://192.0.2.1:9/x', weight: 1}]\n" + more);
    testing::internal::CaptureStdout();
    const int code = run_check({.config_file = file, .reload = reload}, {});
    std::string text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(code, text == file + ": ok, 1 analyzer\n" ? 0 : 1) << text;
    for (std::size_t at = text.find(file); at != text.npos; at = text.find(file, at))
      text.replace(at, file.size(), "F");
    return text;
  }

  std::string said_of_queue(const std::string& directory, bool reload = false) {
    return said_of("server: {listen: '127.0.0.1:0'}\nadmin: {listen: '127.0.0.1:0'}\nqueue:\n  storage: disk\n" +
                       std::string("  directory: ") + directory + "\n",
                   reload);
  }

  test::TemporaryFolder folder_;
};

const std::string all_well = "F: ok, 1 analyzer\n";

TEST_F(Check, FindsOutWhereServeCouldNotKeepItsQueue) {
  const auto fault = [](const std::string& what) { return "F:6: queue.directory: " + what + ".\n"; };
  EXPECT_EQ(said_of_queue(folder_.file("new/queue/")), all_well);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("new"))) << "made by a look";
  const std::string file = folder_.write("file", "no directory");
  EXPECT_EQ(said_of_queue(file), fault(file + ": Not a directory"));
  EXPECT_EQ(said_of_queue(file + "/in/it"), fault(file + "/in/it: Not a directory"));
  EXPECT_EQ(said_of_queue(file, true), all_well) << "a reload opens no queue";
  std::filesystem::create_symlink(folder_.file("nowhere"), folder_.file("link"));
  EXPECT_EQ(said_of_queue(folder_.file("link")), fault(folder_.file("link") + ": No such file or directory"));
  const std::string queue = folder_.file("queue");
  std::filesystem::create_directory(queue);
  EXPECT_EQ(said_of_queue(queue), all_well);
  EXPECT_TRUE(std::filesystem::is_empty(queue)) << "made by a look";
  std::filesystem::create_directory(queue + "/lock");
  EXPECT_EQ(said_of_queue(queue), fault(queue + "/lock: Is a directory"));
}

TEST_F(Check, FindsOutWhereServeMayNotWrite) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may";
  const std::string queue = folder_.file("queue");
  std::filesystem::create_directory(queue);
  ASSERT_EQ(::chmod(queue.c_str(), 0500), 0);
  EXPECT_EQ(said_of_queue(queue), "F:6: queue.directory: " + queue + ": Permission denied.\n");
  EXPECT_EQ(said_of_queue(queue + "/new"), "F:6: queue.directory: " + queue + ": Permission denied.\n");
}

TEST_F(Check, FindsOutWhereNobodyCanWrite) {
  EXPECT_THAT(said_of_queue("/proc/queue"), HasSubstr("F:6: queue.directory: /proc: "));
  EXPECT_THAT(said_of_queue("/sys/new/queue"), HasSubstr("F:6: queue.directory: /sys: "));
  EXPECT_THAT(said_of("delivery: {dead_letter: /proc/dead}\n"),
              HasSubstr("F:2: delivery.dead_letter: cannot append to /proc/dead: "));
  EXPECT_THAT(said_of("server: {listen: 'unix:/proc/socket'}\n"),
              HasSubstr("F:2: server.listen: cannot listen on unix:/proc/socket: "));
}

TEST_F(Check, FindsAQueueOfANewerVersion) {
  const std::string queue = folder_.file("queue");
  std::filesystem::create_directory(queue);
  std::array<char, queue::segment_header_bytes> head{};
  queue::encode_segment_header({.log_id = 9, .first_id = 7}, head, queue::log_format_version + 1);
  std::ofstream(queue + "/" + queue::segment_name(7), std::ios::binary).write(head.data(), head.size());
  EXPECT_THAT(said_of_queue(queue), HasSubstr("F:6: queue.directory: " + queue + "/0000000000000007.log is of format"));
}

TEST_F(Check, SaysEveryFaultAtOnceWithItsPlace) {
  const std::string file = folder_.write("file", "");
  const std::string said = said_of("server:\n  listen: '0.0.0.0:1, 127.0.0.1:1'\nadmin:\n  listen: unix:" + file +
                                   "/s\nqueue:\n  storage: disk\n  directory: " + file +
                                   "\ndelivery:\n  dead_letter: " + file + "/letters\n");
  std::size_t at = 0;
  for (const std::string& fault :
       {std::string("F:3: server.listen: 0.0.0.0:1 and 127.0.0.1:1 conflict"),
        "F:5: admin.listen: cannot listen on unix:" + file + "/s: Not a directory",
        "F:8: queue.directory: " + file + ": Not a directory",
        "F:10: delivery.dead_letter: cannot append to " + file + "/letters: Not a directory"}) {
    at = said.find(fault, at);
    ASSERT_NE(at, said.npos) << fault << " is not in, or not in its place of\n" << said;
  }
}

TEST_F(Check, FindsAddressesThatAreTheSameByName) {
  const std::string said = said_of("server: {listen: '127.0.0.1:1'}\nadmin: {listen: 'localhost:1'}\n");
  if (said == all_well) GTEST_SKIP() << "localhost is another address here";
  EXPECT_THAT(said, HasSubstr("F:3: admin.listen: 127.0.0.1:1 and localhost:1 conflict: both are 127.0.0.1:1"));
}

TEST_F(Check, FindsOutWhereServeCouldNotUseItsCertificate) {
  const test::CertificateAuthority authority;
  const test::IssuedCertificate issued = authority.issue();
  const std::string certificate = folder_.write("a.pem", issued.certificate);
  const std::string key = folder_.write("a.key", issued.key);
  const auto said_of_files = [this](const std::string& of_certificate, const std::string& of_key) {
    return said_of("server:\n  listen: '127.0.0.1:0'\n  tls:\n    certificate: " + of_certificate +
                   "\n    key: " + of_key + "\nadmin: {listen: '127.0.0.1:0'}\n");
  };
  EXPECT_EQ(said_of_files(certificate, key), all_well);
  const std::string none = folder_.file("none");
  EXPECT_EQ(said_of("server: {listen: '127.0.0.1:0'}\nadmin:\n  listen: '127.0.0.1:0'\n  tls:\n    certificate: " +
                    certificate + "\n    key: " + none + "\n"),
            "F:7: admin.tls.key: cannot read " + none + ": No such file or directory\n");
  EXPECT_EQ(said_of_files(none, key),
            "F:5: server.tls.certificate: cannot read " + none + ": No such file or directory\n");
  EXPECT_EQ(said_of_files(certificate, certificate),
            "F:6: server.tls.key: " + certificate + " has no private key in PEM form\n");
  const std::string other = folder_.write("b.key", authority.issue().key);
  EXPECT_EQ(said_of_files(certificate, other),
            "F:6: server.tls.key: " + other + " is not the key of the first certificate in " + certificate + "\n");
  test::CertificateSpec spec;
  spec.valid_for_s = -60;
  const test::IssuedCertificate expired = authority.issue(spec);
  testing::internal::CaptureStderr();
  EXPECT_EQ(said_of_files(folder_.write("old.pem", expired.certificate), folder_.write("old.key", expired.key)),
            all_well);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("server.tls.certificate: " + folder_.file("old.pem") + " has expired, on 20"));
}

TEST_F(Check, FindsOutWhereServeCouldNotSpeakHttps) {
  const auto said_of_tls = [this](const std::string& tls) {
    const std::string file = folder_.write(
        "t.yaml",
        "server: {listen: '127.0.0.1:0'}\nadmin: {listen: '127.0.0.1:0'}\nanalyzers:\n  - name: a\n    url: "
        "https://192.0.2.1:9/x\n    weight: 1\n    tls: {" +
            tls + "}\n");
    testing::internal::CaptureStdout();
    run_check({.config_file = file}, {});
    return testing::internal::GetCapturedStdout();
  };
  const test::CertificateAuthority authority;
  EXPECT_THAT(said_of_tls("ca: " + folder_.write("ca.pem", authority.certificate())), HasSubstr(": ok, 1 analyzer"));
  EXPECT_THAT(said_of_tls(""), HasSubstr(": ok, 1 analyzer"));
  const std::string none = folder_.file("none");
  EXPECT_THAT(said_of_tls("ca: " + none),
              HasSubstr(":7: analyzers[0].tls.ca: cannot read " + none + ": No such file or directory\n"));
  EXPECT_THAT(said_of_tls("certificate: " + none + ", key: " + none), HasSubstr(":7: analyzers[0].tls.certificate: "));
}

}  // namespace
}  // namespace logdist::cli
