// Everything that can be said, in one golden list: terrible.txt.
#include <gmock/gmock.h>

#include "logdist/config/load.hpp"
#include "support.hpp"

namespace logdist::config {
namespace {

TEST(Terrible, EveryFaultIsSaidAtOnceInOrder) {
  const std::string text = project_file("tests/config/terrible.yaml");
  std::string said;
  for (const std::string& line : lines(load_text(text, "terrible.yaml", {}).errors)) said += line + '\n';
  EXPECT_EQ(said, project_file("tests/config/terrible.txt"));
}

}  // namespace
}  // namespace logdist::config
