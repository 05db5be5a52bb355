// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bulk rows: build them, read them, stream them. Nobody writes to an Arrow buffer by hand.
#include <dunlin/batch.hpp>
#include <dunlin/batch_builder.hpp>
#include <dunlin/batch_view.hpp>
#include <dunlin/schema.hpp>
#include <dunlin/stream.hpp>
