// The heavy headers of the tests that do I/O, compiled once.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pch.hpp"
