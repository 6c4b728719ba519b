# The frontend: the page. The only service that Traefik routes to, by the tags of its registration.
#
#   nomad job run -var datacenter=dc1 -var image=<repository>@<digest> ... frontend.nomad.hcl

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

variable "title" {
  type        = string
  description = "Title of the page."
}

variable "environment" {
  type        = string
  description = "Name of the environment, such as dev or prod."
}

variable "backend_service" {
  type        = string
  description = "Name of the backend's service in Consul."
  default     = "backend"
}

variable "specification" {
  type        = string
  description = "Hash of this file: what changes in it then reaches instances as a new version, one after the other."
  default     = ""
}

job "frontend" {
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

  group "frontend" {
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
      delay    = "1s"
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

    task "frontend" {
      driver = "docker"

      # On a stop: out of Consul at once, SIGTERM only after every Traefik has read it (it asks each second, and applies
      # what it reads at most every two).
      shutdown_delay = "8s"

      # Longer than the 6 s that the process gives itself to finish. A process that hangs is ended only then.
      kill_signal  = "SIGTERM"
      kill_timeout = "8s"

      # The task's, not the group's: in the catalog while there is a process, and the checks count anew with each.
      service {
        name     = "frontend"
        provider = "consul"
        port     = "http"

        # Old and new instances register side by side during an update, and Traefik drops a router that two of them define
        # differently: a change of these tags needs a name of its own for what it changes.
        tags = [
          "traefik.enable=true",
          "traefik.http.routers.frontend.rule=PathPrefix(`/`)",
          "traefik.http.routers.frontend.entrypoints=web",
          "traefik.http.routers.frontend.middlewares=frontend-retry",
          # Another instance when one cannot be reached; a request that was sent is not sent again. So many, as an instance that has vanished
          # is the less busy one, and may be chosen again until its health check fails.
          "traefik.http.middlewares.frontend-retry.retry.attempts=8",
          "traefik.http.middlewares.frontend-retry.retry.initialInterval=20ms",
          # The less busy of two: of an instance that has vanished, and answers nobody, each Traefik waits for one request, not for half.
          "traefik.http.services.frontend.loadbalancer.strategy=p2c",
          # Traefik's own eyes, for when Consul cannot tell.
          "traefik.http.services.frontend.loadbalancer.healthcheck.path=/health/ready",
          "traefik.http.services.frontend.loadbalancer.healthcheck.interval=3s",
          "traefik.http.services.frontend.loadbalancer.healthcheck.timeout=2s",
          # On a worker whose network is back, before the load balancer trusts that worker again: until then none of its servers is up.
          "traefik.http.services.frontend.loadbalancer.healthcheck.unhealthyInterval=500ms",
        ]

        meta {
          metrics_port = "${NOMAD_HOST_PORT_metrics}"
        }

        # Decides who gets requests. On a host without a CPU to spare answers come late, from all instances: none of them would be left
        # if that were taken for an end.
        check {
          name     = "ready"
          type     = "http"
          path     = "/health/ready"
          interval = "2s"
          timeout  = "3s"

          # Traefik, who alone asks for frontends, has checks of its own, and tries another one; but it has no route without any.
          failures_before_critical = 3
        }

        # Decides who is restarted: not an instance that is only busy, but one that says nothing for some ten seconds.
        check {
          name     = "live"
          type     = "http"
          path     = "/health/live"
          interval = "1s"
          timeout  = "2s"

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
        ENVIRONMENT     = var.environment
        TITLE           = var.title
        BACKEND_SERVICE = var.backend_service
        PORT            = "3000"
        METRICS_PORT    = "9464"
        NODE_NAME       = "${node.unique.name}"

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
