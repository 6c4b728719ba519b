# The backend: JSON for the frontend, which finds its instances through Consul DNS. Nothing routes to it from outside.
#
#   nomad job run -var datacenter=dc1 -var image=<repository>@<digest> ... backend.nomad.hcl

# All variables are strings: whoever passes them (a shell, Pulumi) need not know HCL types.
variable "datacenter" {
  type        = string
  description = "Nomad datacenter to run in."
}

variable "image" {
  type        = string
  description = "Image reference; by digest, so that what was tested is what runs."
}

variable "count" {
  type        = string
  description = "Number of instances."
  default     = "3"
}

variable "cpu_mhz" {
  type        = string
  description = "Share of CPU in MHz; an instance may use more where it is idle."
  default     = "100"
}

variable "memory_mib" {
  type        = string
  description = "Memory in MiB; more than this ends the process."
  default     = "128"
}

variable "greeting" {
  type        = string
  description = "What the backend greets with."
}

variable "environment" {
  type        = string
  description = "Name of the environment, such as dev or prod."
}

variable "specification" {
  type        = string
  description = "Hash of this file: what changes in it then reaches instances as a new version, one after the other."
  default     = ""
}

job "backend" {
  datacenters = [var.datacenter]
  type        = "service"

  # Without it an empty name server would go into the containers, and every look-up would fail there, not here.
  constraint {
    attribute = "${attr.unique.consul.dns.addr}"
    operator  = "is_set"
  }

  meta {
    specification = var.specification
  }

  # A lost worker takes as few instances with it as can be.
  spread {
    attribute = "${node.unique.id}"
  }

  # The old instances go on serving until new ones have proved themselves; if they don't, the old version stays. Fewer
  # canaries than instances: they may come to one worker, the last one replaces an old one and goes to another. Nomad
  # makes no canary for the first version, which comes up all at once.
  update {
    max_parallel      = 1
    canary            = min(2, max(1, parseint(var.count, 10) - 1))
    auto_promote      = true
    auto_revert       = true
    health_check      = "checks"
    min_healthy_time  = "5s"
    healthy_deadline  = "70s" # the image's way to the worker included
    progress_deadline = "75s"
  }

  group "backend" {
    count = parseint(var.count, 10)

    network {
      port "http" {
        to = 3000
      }

      port "metrics" {
        to = 9464
      }

      dns {
        servers = ["${attr.unique.consul.dns.addr}"]
      }
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "250ms"
      mode     = "fail"
    }

    reschedule {
      delay          = "5s"
      delay_function = "exponential"
      max_delay      = "1m"
      unlimited      = true
    }

    # When a worker is drained.
    migrate {
      max_parallel     = 1
      health_check     = "checks"
      min_healthy_time = "5s"
      healthy_deadline = "60s"
    }

    task "backend" {
      driver = "docker"

      # On a stop: out of Consul at once, SIGTERM only after everybody who may have read the old answer has read a new
      # one (frontends reuse theirs for a second, and try another when one refuses). A hung instance waits for it too.
      shutdown_delay = "3s"

      # Longer than the 3 s that the process gives itself to finish. A process that hangs is ended only then.
      kill_signal  = "SIGTERM"
      kill_timeout = "4s"

      # The task's, not the group's: in the catalog while there is a process, and the checks count anew with each.
      service {
        name     = "backend"
        provider = "consul"
        port     = "http"

        meta {
          metrics_port = "${NOMAD_HOST_PORT_metrics}"
        }

        # Decides who gets requests.
        check {
          name     = "ready"
          type     = "http"
          path     = "/health/ready"
          interval = "1s"
          timeout  = "1s"
        }

        # Decides who is restarted: not an instance that is only busy, but one that says nothing for four to six seconds.
        check {
          name     = "live"
          type     = "http"
          path     = "/health/live"
          interval = "1s"
          timeout  = "1s"

          check_restart {
            limit = 4
            grace = "10s" # to start in, on a host without a CPU to spare
          }
        }
      }

      config {
        image           = var.image
        ports           = ["http", "metrics"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        pids_limit      = 128

        # Consul's checks decide; the image's own, for whoever runs it without Nomad, starts a process every ten seconds.
        healthchecks {
          disable = true
        }

        # A connection is an open file; a core dump would hold what was in memory.
        ulimit {
          nofile = "4096:4096"
          core   = "0:0"
        }
      }

      env {
        ENVIRONMENT  = var.environment
        GREETING     = var.greeting
        PORT         = "3000"
        METRICS_PORT = "9464"
        NODE_NAME    = "${node.unique.name}"

        # Without it the young objects' share of so small a memory is 1 MiB, and collecting it takes a third of the requests.
        NODE_OPTIONS = "--max-old-space-size=${floor(parseint(var.memory_mib, 10) / 2)} --max-semi-space-size=${floor(parseint(var.memory_mib, 10) / 32)}"
      }

      resources {
        cpu    = parseint(var.cpu_mhz, 10)
        memory = parseint(var.memory_mib, 10)
      }
    }
  }
}
