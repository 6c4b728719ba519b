# Traefik: the way in. One on every worker of the given classes, on ports that the load balancer knows. It follows the
# Consul catalog, so a service is published by its tags and nothing here changes when services come and go.
#
#   nomad job run -var datacenter=dc1 -var image=<repository>@<digest> -var node_pool_classes=edge ... traefik.nomad.hcl

# All variables are strings: whoever passes them (a shell, Pulumi) need not know HCL types.
variable "datacenter" {
  type        = string
  description = "Nomad datacenter to run in."
}

variable "image" {
  type        = string
  description = "Image reference; by digest, so that what was tested is what runs."
}

variable "node_pool_classes" {
  type        = string
  description = "Node classes to run on, separated by commas."
}

variable "cpu_mhz" {
  type        = string
  description = "Share of CPU in MHz; an instance may use more where it is idle."
  default     = "200"
}

variable "memory_mib" {
  type        = string
  description = "Memory in MiB; more than this ends the process."
  default     = "128"
}

variable "trusted_ips" {
  type        = string
  description = "CIDRs whose X-Forwarded-* headers are believed, separated by commas: the load balancer's subnets. Empty: none."
  default     = ""
}

variable "specification" {
  type        = string
  description = "Hash of this file: what changes in it then reaches instances as a new version, one after the other."
  default     = ""
}

job "traefik" {
  datacenters = [var.datacenter]
  type        = "system"

  meta {
    specification = var.specification
  }

  # Nothing is served without it, so it may displace what it carries.
  priority = 80

  # True for a class that is one of the list.
  constraint {
    attribute = "${node.class}"
    operator  = "set_contains_any"
    value     = var.node_pool_classes
  }

  # One worker after the other, each only when the one before answers its health check; back to the version before when
  # one does not. No canary: its port is taken by the instance that it would run beside.
  update {
    max_parallel      = 1
    auto_revert       = true
    health_check      = "checks"
    min_healthy_time  = "5s"
    healthy_deadline  = "70s" # the image's way to the worker included
    progress_deadline = "75s"
  }

  group "traefik" {
    network {
      port "web" {
        static = 8080
      }

      port "admin" {
        static = 8081
      }
    }

    # Never given up: the worker would stay without a way in.
    restart {
      attempts = 15
      interval = "1m"
      delay    = "2s"
      mode     = "delay"
    }

    task "traefik" {
      driver = "docker"

      # Logs the task in to Consul as itself: Traefik finds the token, good for reading the catalog, in its environment.
      consul {}

      # Longer than both graces of the entry points together. The client's max_kill_timeout must allow it.
      kill_signal  = "SIGTERM"
      kill_timeout = "40s"

      # The task's, not the group's: in the catalog while there is a process, and the checks count anew with each.
      service {
        name     = "traefik"
        provider = "consul"
        port     = "web"

        meta {
          metrics_port = "${NOMAD_HOST_PORT_admin}"
        }

        # Where the load balancer looks. The route comes from the catalog like all others, so a Traefik that does not know the catalog (yet)
        # gets no requests: /ping answers as soon as it runs, and a visitor would see its 404.
        tags = [
          "traefik.enable=true",
          "traefik.http.routers.ready.rule=Path(`/ready`)",
          "traefik.http.routers.ready.entrypoints=admin",
          "traefik.http.routers.ready.service=ping@internal",
        ]

        check {
          name     = "ping"
          type     = "http"
          port     = "admin"
          path     = "/ping"
          interval = "2s"
          timeout  = "3s"

          check_restart {
            limit = 5
            grace = "10s" # to start in, on a host without a CPU to spare
          }
        }
      }

      config {
        image = var.image

        # To reach the worker's own Consul agent, which listens on loopback only.
        network_mode    = "host"
        ports           = ["web", "admin"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        pids_limit      = 256

        # A connection is an open file; a core dump would hold what was in memory.
        ulimit {
          nofile = "16384:16384"
          core   = "0:0"
        }

        args = compact([
          "--entryPoints.web.address=:8080",
          # Twice what the apps read, which answer what is too much for them themselves.
          "--entryPoints.web.http.maxHeaderBytes=16384",
          "--entryPoints.web.transport.respondingTimeouts.readTimeout=15s",
          "--entryPoints.web.transport.respondingTimeouts.writeTimeout=30s",
          # Longer than the load balancer's own idle time-out of 60 s: it is the one to close first.
          "--entryPoints.web.transport.respondingTimeouts.idleTimeout=180s",
          var.trusted_ips == "" ? "" : "--entryPoints.web.forwardedHeaders.trustedIPs=${var.trusted_ips}",
          "--entryPoints.admin.address=:8081",

          # On SIGTERM /ping and /ready turn 503, which takes the load balancer two checks of 5 s to act upon: until then new
          # requests are still served; then those under way may end.
          "--entryPoints.web.transport.lifeCycle.requestAcceptGraceTimeout=20s",
          "--entryPoints.web.transport.lifeCycle.graceTimeOut=10s",
          "--entryPoints.admin.transport.lifeCycle.requestAcceptGraceTimeout=20s",
          "--entryPoints.admin.transport.lifeCycle.graceTimeOut=10s",

          "--ping=true",
          "--ping.entryPoint=admin",
          "--metrics.prometheus=true",
          "--metrics.prometheus.entryPoint=admin",
          "--api=false",

          # Polled, not watched: after an error a watch waits up to three minutes before it asks again, a poll seconds.
          # From any server, for a lost leader must not empty the routes; but not from the agent's cache (cache=true): it was seen
          # to answer with the services of a cluster's first minute for as long as anybody waited, while plain queries were right.
          "--providers.consulCatalog=true",
          "--providers.consulCatalog.endpoint.address=127.0.0.1:8500",
          "--providers.consulCatalog.exposedByDefault=false",
          "--providers.consulCatalog.watch=false",
          "--providers.consulCatalog.refreshInterval=1s",
          "--providers.consulCatalog.stale=true",
          "--providers.consulCatalog.strictChecks=passing",

          # A worker that has vanished answers nothing, not even a refusal; one that is there answers within a few milliseconds.
          "--serversTransport.forwardingTimeouts.dialTimeout=100ms",
          # The frontend answers within 5 s, or never.
          "--serversTransport.forwardingTimeouts.responseHeaderTimeout=6s",
          # A request that goes out on a connection to a worker that has vanished is lost: it can't be asked again. So there are no more of
          # them than the last 100 ms needed. The apps close theirs after 75 s.
          "--serversTransport.forwardingTimeouts.idleConnTimeout=100ms",

          "--log.format=json",
          "--log.level=INFO",
          "--accessLog=true",
          "--accessLog.format=json",
          # Lines wait for the writer, not the visitor for the line.
          "--accessLog.bufferingSize=1000",
          # In ClientAddr, RequestAddr, StartUTC and ServiceURL as well.
          "--accessLog.fields.names.ClientPort=drop",
          "--accessLog.fields.names.RequestHost=drop",
          "--accessLog.fields.names.RequestPort=drop",
          "--accessLog.fields.names.StartLocal=drop",
          "--accessLog.fields.names.ServiceAddr=drop",
          # What follows a request through all logs. No other header: they hold what is the visitor's alone.
          "--accessLog.fields.headers.defaultMode=drop",
          "--accessLog.fields.headers.names.X-Request-Id=keep",
          "--accessLog.fields.headers.names.X-Amzn-Trace-Id=keep",
          "--global.checkNewVersion=false",
          "--global.sendAnonymousUsage=false",
        ])
      }

      # Collects garbage when half of the memory is in use, not each time that what is in use has doubled: that took a tenth of its CPU.
      env {
        GOGC       = "off"
        GOMEMLIMIT = "${floor(parseint(var.memory_mib, 10) / 2)}MiB"
      }

      resources {
        cpu    = parseint(var.cpu_mhz, 10)
        memory = parseint(var.memory_mib, 10)
      }
    }
  }
}
