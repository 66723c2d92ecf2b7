#include "tests/tidy/awaits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace logdist::tidy {
namespace {

std::size_t bites(const std::string& statement) {
  const std::string text = "awaitable<void> f() {\n  " + statement + "\n}\n";
  return check_awaits(SourceText("src/ingest/a.cpp", text)).size();
}

TEST(Awaits, BitesBesideABranch) {
  for (const char* sample : {
           "if (a && co_await b()) c();",
           "if (co_await a() || b) {\n    c();\n  }",
           "while (ready() &&\n         co_await next()) {\n  }",
           "for (bool more = true; more && co_await next();) {\n  }",
           "co_return a ? co_await b() : c;",
           "const auto x = co_await a() ? b : c;",
           "const bool x = a && (co_await b()).ok();",
           "const bool x = f(T{co_await b()}) || a;",
           "run([] { return 1; }, a || co_await b());",
           "go([&] {\n    return a && co_await b();\n  });",
       }) {
    EXPECT_EQ(bites(sample), 1U) << sample;
  }
}

TEST(Awaits, BitesAtTwoInAStatement) {
  EXPECT_EQ(bites("f(co_await a(), co_await b());"), 1U);
  EXPECT_EQ(bites("co_await (co_await a()).b();"), 1U);
  EXPECT_EQ(bites("co_await a(); co_await b();"), 0U);
}

TEST(Awaits, LeavesTheInnocentAlone) {
  for (const char* sample : {
           "if (a && b) co_await c();",
           "if (co_await a()) co_await b();",
           "if (a || b) {\n    co_await c();\n  }",
           "const bool more = co_await next();\n  if (more && ready()) c();",
           "auto&& [a, b] = co_await c();",
           "while (a ? b : c) co_await d();",
           "co_await c([](auto& a) { return a && a->b; }, as_tuple);",
           "co_await write(a || b);",
           "switch (a) {\n    case 1: co_await b(); break;\n    default: co_return co_await c();\n  }",
           "co_await a();  // and && in words",
           "#if A && B\n  co_await a();\n#endif",
       }) {
    EXPECT_EQ(bites(sample), 0U) << sample;
  }
}

TEST(Awaits, TellsTheLine) {
  const auto faults =
      check_awaits(SourceText("src/ingest/a.cpp", "void f() {\n  a();\n  b(c &&\n    co_await d());\n}\n"));
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].line, 4U);
}

}  // namespace
}  // namespace logdist::tidy
