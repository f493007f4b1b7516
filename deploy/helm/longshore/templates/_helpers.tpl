{{- define "longshore.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The labels of a part, which never change. Called with (list context "part"). */}}
{{- define "longshore.selector" -}}
app.kubernetes.io/name: longshore
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "longshore.labels" -}}
{{ include "longshore.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version | quote }}
{{- end -}}

{{- define "longshore.image" -}}
{{- $context := index . 0 -}}
{{- $registry := $context.Values.image.registry -}}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end }}longshore-{{ index . 1 }}:{{ $context.Values.image.tag | default $context.Chart.AppVersion }}
{{- end -}}

{{/* The secret of a program: given, or made with the bundled engines. */}}
{{- define "longshore.secret" -}}
{{- $context := index . 0 -}}
{{- $given := index $context.Values.secrets (index . 1) -}}
{{- if $given -}}
{{ $given }}
{{- else if $context.Values.engines.bundled -}}
{{ include "longshore.name" $context }}-{{ index . 1 }}
{{- else -}}
{{- fail (printf "secrets.%s is needed: the name of a secret with the keys amqp-url and redis-url; or engines.bundled for a trial" (index . 1)) -}}
{{- end -}}
{{- end -}}

{{/* Settings of a program: what the chart has to set itself, then what the values say. */}}
{{- define "longshore.config" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end -}}

{{- define "longshore.engineConfig" -}}
{{- $config := dict "LONGSHORE_AMQP_URL_FILE" "/run/secrets/longshore/amqp-url" "LONGSHORE_REDIS_URL_FILE" "/run/secrets/longshore/redis-url" "LONGSHORE_LOG_FORMAT" "json" -}}
{{- if .Values.secrets.tls -}}
{{- $_ := set $config "LONGSHORE_TLS_CA" "/run/secrets/tls/ca.crt" -}}
{{- if .Values.secrets.tlsClient -}}
{{- $_ := set $config "LONGSHORE_TLS_CERT" "/run/secrets/tls/tls.crt" -}}
{{- $_ := set $config "LONGSHORE_TLS_KEY" "/run/secrets/tls/tls.key" -}}
{{- end -}}
{{- end -}}
{{ $config | toJson }}
{{- end -}}

{{- define "longshore.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "longshore.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
