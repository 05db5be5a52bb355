/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The whole contract but its drafts, for those who like one line better than many. */
#include "arrow.h"
#include "cancel.h"
#include "clock.h"
#include "commands.h"
#include "config.h"
#include "connector.h"
#include "db.h"
#include "events.h"
#include "health.h"
#include "host.h"
#include "ids.h"
#include "jobs.h"
#include "log.h"
#include "metrics.h"
#include "plugin.h"
#include "policies.h"
#include "sink.h"
#include "status.h"
#include "types.h"
#include "version.h"
