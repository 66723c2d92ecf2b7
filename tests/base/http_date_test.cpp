#include "logdist/base/http_date.hpp"

#include <gtest/gtest.h>

namespace logdist {
namespace {

TEST(HttpDate, HasTheFixedFormat) {
  HttpDate date;
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784'111'778), "Sun, 06 Nov 1994 08:49:38 GMT");
  EXPECT_EQ(date.at(784'111'778), "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST(HttpDate, KnowsTheCalendar) {
  HttpDate date;
  EXPECT_EQ(date.at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.at(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(date.at(1'709'251'199), "Thu, 29 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(date.at(253'402'300'799), "Fri, 31 Dec 9999 23:59:59 GMT");
}

}  // namespace
}  // namespace logdist
